import { setTimeout as sleep } from 'node:timers/promises';

const probeEveryMs = 250;

/**
 * Stands in for a load balancer in front of several services: each request goes to the next of those whose readiness probe was good when it was last asked. A
 * request that a dying service breaks off is broken off for the client too.
 */
export class LoadBalancer {
  private readonly ready: Set<string>;
  private readonly closing = new AbortController();
  private readonly probing: Promise<unknown>;
  private turn = 0;

  /** @param urls base addresses without a trailing slash */
  constructor(private readonly urls: readonly string[]) {
    this.ready = new Set(urls);
    this.probing = Promise.all(urls.map((url) => this.probe(url)));
  }

  /** For the option `fetch` of the typed client. */
  readonly fetch = async (request: Request, { signal }: { readonly signal: AbortSignal }): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = method === 'GET' ? null : await request.text();
    return fetch(`${this.next()}${pathname}${search}`, { method, headers, body, signal });
  };

  async close(): Promise<void> {
    this.closing.abort();
    await this.probing;
  }

  private next(): string {
    const among = this.ready.size > 0 ? [...this.ready] : this.urls;
    return among[(this.turn += 1) % among.length]!;
  }

  private async probe(url: string): Promise<void> {
    while (!this.closing.signal.aborted) {
      const status = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        async (response) => (await response.arrayBuffer(), response.status),
        () => 0,
      );
      if (status === 200) this.ready.add(url);
      else this.ready.delete(url);
      await sleep(probeEveryMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }
}
