import { afterAll, beforeAll } from '@jest/globals';
import { CompatClient } from './compat-client.js';
import type { HttpClient } from './http-client.js';
import { openCompat, startService, type Service, type ServiceOptions } from './service.js';

/** The service of one test file; usable in its tests, not before. */
export interface FileService {
  readonly service: Service;
  readonly http: HttpClient;
  /** A client of the job service's API, without credentials. */
  readonly compat: CompatClient;
}

/**
 * Starts one service before the tests of the calling file and stops it after them.
 * @param options evaluated in the `beforeAll` hook, so that it may read what earlier hooks made.
 */
export function useService(options: ServiceOptions | (() => ServiceOptions) = { env: openCompat }): FileService {
  let started: Service | undefined;
  const current = (): Service => {
    if (!started) throw new Error('the service of this file is not started');
    return started;
  };
  beforeAll(async () => {
    started = await startService(typeof options === 'function' ? options() : options);
  }, 90_000);
  afterAll(async () => {
    await started?.stop();
  }, 30_000);
  return {
    get service() {
      return current();
    },
    get http() {
      return current().http;
    },
    get compat() {
      return new CompatClient(current().http);
    },
  };
}
