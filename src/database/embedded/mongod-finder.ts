import { versionOf } from './mongod-version.js';

/** A program that was found and runs. */
export interface FoundMongod {
  readonly path: string;
  readonly version: string;
}

export interface FindOptions {
  readonly binary?: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly dataVersion?: string | null;
}

/** Provisional. */
export async function findMongod(options: FindOptions): Promise<FoundMongod> {
  const path = options.binary ?? options.env['MONGOD_BINARY'] ?? 'mongod';
  return { path, version: await versionOf(path) };
}
