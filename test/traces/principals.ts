import { beforeAll } from '@jest/globals';
import type { HttpClient } from '../support/http-client.js';
import { useService } from '../support/use-service.js';
import { TraceClient } from './trace-client.js';

/** Those who call, by what they may write; usable in the tests of the calling file. @see contracts/traces.md 12 */
export interface Principals {
  readonly http: HttpClient;
  /** Dataset `ds`, and a few more of its own. */
  readonly own: TraceClient;
  /** Dataset `other` only. */
  readonly other: TraceClient;
  /** Every dataset. */
  readonly service: TraceClient;
  /** Without a token. */
  readonly nobody: TraceClient;
}

/** Starts a service for the tests of the calling file, with a client for each principal of the contract. */
export function usePrincipals(): Principals {
  const file = useService({});
  const clients = new Map<string, TraceClient>();
  const datasets = { own: ['ds', 'a'.repeat(60), 'b'.repeat(90), 'legacy', 'legacy/1'], other: ['other'], service: ['*'] };
  beforeAll(async () => {
    for (const [name, ids] of Object.entries(datasets))
      clients.set(name, new TraceClient(file.http, await file.service.token('reader', ...ids)));
  }, 60_000);
  return {
    get http() {
      return file.http;
    },
    get own() {
      return clients.get('own')!;
    },
    get other() {
      return clients.get('other')!;
    },
    get service() {
      return clients.get('service')!;
    },
    get nobody() {
      return new TraceClient(file.http);
    },
  };
}
