import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The oldest server that the service works with. */
const oldestMajor = 6;

const versionLine = /db version v(\d+\.\d+\.\d+)/;

/**
 * Runs the program and asks for its version, such as `6.0.5`. That it answers says that it is made for this machine and finds its libraries.
 * @throws Error with one line that says what is wrong with it, to be read behind the program's name.
 */
export async function versionOf(binary: string): Promise<string> {
  const { stdout } = await run(binary, ['--version'], { timeout: 10_000 }).catch((error: NodeJS.ErrnoException & { stderr?: string }) => {
    throw new Error(`does not run (${reasonOf(error)})`, { cause: error });
  });
  const version = versionLine.exec(stdout)?.[1];
  if (!version) throw new Error('is not MongoDB: --version prints something else');
  if (Number.parseInt(version, 10) < oldestMajor) throw new Error(`is ${version}, older than ${oldestMajor}.0`);
  return version;
}

/** Whether a server of this version opens data that a server of `dataVersion` wrote: the same major version, and not an older series of it. */
export function opensDataOf(version: string, dataVersion: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [dataMajor = 0, dataMinor = 0] = dataVersion.split('.').map(Number);
  return major === dataMajor && minor >= dataMinor;
}

/** `6.0` of `6.0.5`. */
export function seriesOf(version: string): string {
  return version.split('.', 2).join('.');
}

function reasonOf(error: NodeJS.ErrnoException & { stderr?: string; signal?: string }): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EACCES') return 'not executable';
  return error.stderr?.trim().split('\n')[0] || (error.signal && `ended by ${error.signal}`) || error.message;
}
