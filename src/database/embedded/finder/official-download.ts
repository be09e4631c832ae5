import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { showProgress, watchGrowth, type ProgressOutput } from './fetch-progress.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The server that is fetched when nothing else is asked for. */
export const officialVersion = '8.0.17';

/** Without a first byte after this time, in milliseconds, there is no route to the vendor. */
const firstByteMs = 8_000;
/** What is smaller is the library's own lock file. */
const firstBytes = 10_000;
/** A download that stands still for this long, in milliseconds, is given up. */
const stallMs = 30_000;

/** Runs in a process of its own: the library takes its settings from the environment, writes to standard output, and cannot be stopped. */
const program = `
  const [library, version, downloadDir] = process.argv.slice(1);
  require(library).MongoBinary.getPath({ version, downloadDir }).then(
    (path) => process.stdout.write('\\n' + path),
    (error) => { process.stderr.write('\\n' + error.message); process.exitCode = 1; },
  );`;

/** Settings of the library that would make it answer with something else than a fresh download of the version asked for. */
const foreignSettings = /^MONGOMS_(SYSTEM_BINARY|DOWNLOAD_DIR|VERSION|ARCHIVE_NAME|DOWNLOAD_URL)/;

export interface OfficialOptions {
  readonly version: string;
  /** An empty folder to work in. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly output: ProgressOutput;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a MongoDB release from its vendor.
 * @returns the path of the program.
 * @throws Error with one line that says why not; within seconds when there is no route.
 */
export async function downloadOfficial(options: OfficialOptions): Promise<string> {
  const progress = showProgress(options.output, `Fetching MongoDB ${options.version} from mongodb.com`, null);
  const stall = new StallWatch();
  const onBytes = (bytes: number) => {
    progress.at(bytes);
    stall.at(bytes);
  };
  try {
    const path = await watchGrowth(options.folder, onBytes, () => runLibrary(options, stall.signal));
    progress.end(null);
    return path;
  } catch (error) {
    const failure = stall.complaint ?? failureOf(error as { stderr?: string; message: string });
    progress.end(failure);
    throw new Error(failure, { cause: error });
  } finally {
    stall.stop();
  }
}

async function runLibrary({ version, folder, env, signal }: OfficialOptions, stalled: AbortSignal): Promise<string> {
  const { stdout } = await run(process.execPath, ['-e', program, require.resolve('mongodb-memory-server-core'), version, folder], {
    cwd: folder,
    env: libraryEnvironment(env),
    signal: signal ? AbortSignal.any([signal, stalled]) : stalled,
    killSignal: 'SIGKILL',
  });
  return stdout.slice(stdout.lastIndexOf('\n') + 1);
}

/** The environment of the download: certificates are checked, which the library leaves out by default, and one failed attempt is enough. */
export function libraryEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !foreignSettings.test(name) && name !== 'NODE_OPTIONS');
  return {
    ...Object.fromEntries(kept),
    npm_config_strict_ssl: 'true',
    MONGOMS_MD5_CHECK: 'true',
    MONGOMS_MAX_RETRIES: '1',
    MONGOMS_PREFER_GLOBAL_PATH: 'false',
  };
}

/** Aborts when nothing arrives for too long. */
class StallWatch {
  readonly #abort = new AbortController();
  #bytes = 0;
  #timer = setTimeout(() => this.#giveUp(`no answer within ${firstByteMs / 1_000} s`), firstByteMs);
  complaint: string | null = null;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  at(bytes: number): void {
    if (bytes < firstBytes || bytes <= this.#bytes) return;
    this.#bytes = bytes;
    this.stop();
    this.#timer = setTimeout(() => this.#giveUp(`nothing arrived for ${stallMs / 1_000} s`), stallMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #giveUp(complaint: string): void {
    this.complaint = complaint;
    this.#abort.abort();
  }
}

function failureOf({ stderr, message }: { stderr?: string; message: string }): string {
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim() ?? message.split('\n')[0]!;
}
