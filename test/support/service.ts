import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freshDatabaseName, testMongodbUrl, withConnection } from './database.js';
import { HttpClient } from './http-client.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** As open as the original with its token check switched off: what most tests of the old routes need. */
export const openCompat = { COMPAT_AUTH: 'reference', JWT_AUTH: 'false' } as const;

/** How a service is started. */
export interface ServiceOptions {
  /** Settings beside those that every test service has. */
  readonly env?: Readonly<Record<string, string>>;
  /** `own`: the service's embedded MongoDB. Default `shared`: a fresh database of the test run's server. */
  readonly database?: 'shared' | 'own';
  /** A folder that outlives the service, for a second start. Default: a new one, removed at the end. */
  readonly dataDir?: string;
  readonly startTimeoutMs?: number;
  /** Told what the service writes to stderr, such as the progress of a download. */
  readonly onStderr?: (text: string) => void;
}

/** A started service process. */
export interface Service {
  readonly url: string;
  readonly http: HttpClient;
  readonly pid: number;
  readonly dataDir: string;
  readonly inputDir: string;
  /** Null with a database of its own. */
  readonly databaseName: string | null;
  /** What the process wrote to stdout and stderr so far. */
  output(): string;
  /** A bearer token of the embedded issuer, which may write the datasets. */
  token(role: string, ...datasets: readonly string[]): Promise<string>;
  /** The Cookie header of `POST /jobs`, from the embedded issuer. */
  cookies(): Promise<string>;
  /** Ends it as Ctrl-C does and cleans up. Safe to repeat. */
  stop(): Promise<void>;
  /** SIGKILL; nothing is cleaned up. */
  kill(): Promise<void>;
}

function environmentOf(
  options: ServiceOptions,
  folders: { dataDir: string; inputDir: string; databaseName: string | null },
): NodeJS.ProcessEnv {
  const database: Record<string, string> = folders.databaseName
    ? { MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: folders.databaseName }
    : {};
  return {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
    DATA_DIR: folders.dataDir,
    INPUT_DIR: folders.inputDir,
    ...database,
    ...options.env,
  };
}

/** Resolves with the address from the log line `listening`. */
function addressOf(child: ChildProcess, output: () => string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the service does not listen after ${timeoutMs} ms:\n${output()}`)), timeoutMs);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (!line.includes('"listening"')) return;
      const entry = JSON.parse(line) as { message?: string; address?: string };
      if (entry.message !== 'listening' || !entry.address) return;
      clearTimeout(timer);
      resolve(entry.address);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the service ended with ${signal ?? code} before it listened:\n${output()}`));
    });
  });
}

/** Waits until `/health/ready` is 200. */
export async function waitUntilReady(http: HttpClient, timeoutMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const reply = await http.get('/health/ready').catch((error: Error) => ({ status: 0, text: error.message }));
    if (reply.status === 200) return;
    if (Date.now() > giveUpAt) throw new Error(`not ready after ${timeoutMs} ms: ${reply.status} ${reply.text}`);
    await sleep(20);
  }
}

async function run(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'dist/cli/signalbox.js'), ...args]);
  return stdout.trim();
}

async function dropDatabase(name: string): Promise<void> {
  await withConnection(testMongodbUrl(), name, (connection) => connection.dropDatabase());
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

async function endGently(child: ChildProcess, output: () => string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended(child);
  clearTimeout(timer);
  if (child.signalCode === 'SIGKILL') throw new Error(`the service did not stop within 15 s:\n${output().slice(-4_000)}`);
}

/** Starts what `npm start` runs and waits until it is ready. The caller stops it; nothing is left behind when the start fails. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'signalbox-service-')));
  const inputDir = options.env?.['INPUT_DIR'] ?? join(dataDir, 'input');
  await mkdir(inputDir, { recursive: true });
  const databaseName = (options.database ?? 'shared') === 'shared' ? (options.env?.['MONGODB_DATABASE'] ?? freshDatabaseName()) : null;
  const env = environmentOf(options, { dataDir, inputDir, databaseName });
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/bundle/main.js'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => options.onStderr?.(chunk.toString()));
  const output = () => chunks.join('');
  let http: HttpClient | undefined;
  const stop = async () => {
    http?.close();
    try {
      await endGently(child, output);
    } finally {
      if (databaseName) await dropDatabase(databaseName);
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    }
  };
  try {
    const url = await addressOf(child, output, options.startTimeoutMs ?? 60_000);
    http = new HttpClient(url);
    await waitUntilReady(http);
    const kill = async () => {
      child.kill('SIGKILL');
      await ended(child);
    };
    const token = (role: string, ...datasets: readonly string[]) =>
      run(['token', 'create', '--data-dir', dataDir, '--role', role, ...datasets.flatMap((id) => ['--dataset', id])]);
    const cookies = () => run(['token', 'create', '--data-dir', dataDir, '--cookies']);
    return { url, http, pid: child.pid!, dataDir, inputDir, databaseName, output, token, cookies, stop, kill };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Runs the work with a service that is stopped afterwards, whatever happens. */
export async function withService<T>(options: ServiceOptions, work: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService(options);
  try {
    return await work(service);
  } finally {
    await service.stop();
  }
}

/** The admin token that the embedded issuer wrote at the first start. */
export async function adminToken(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
}
