import type { FastifyInstance } from 'fastify';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { serverLimits } from './server-limits.js';

/** True for the parameters of `/jobs/`, which the router takes for a job without an id. */
export const hasEmptyParameter = (parameters: unknown): boolean => Object.values(parameters as object).includes('');

/** Knows which methods a path is served for, so that a wrong method is 405 and OPTIONS is answered. */
export class AllowedMethods {
  private readonly router = createRouter({ maxParamLength: serverLimits.pathParameterCharacters });
  private readonly methods = new Set<HTTPMethod>();

  /** Watches the routes of an instance; call before they are registered. */
  watch(instance: FastifyInstance): void {
    instance.addHook('onRoute', (route) => {
      if (route.url === '*' || route.url === '/*') return;
      for (const method of [route.method].flat() as HTTPMethod[]) {
        this.methods.add(method);
        if (!this.router.hasRoute(method, route.url)) this.router.on(method, route.url, () => undefined);
      }
    });
  }

  private serves(method: HTTPMethod, path: string): boolean {
    const match = this.router.find(method, path);
    return match !== null && !hasEmptyParameter(match.params);
  }

  /** Methods of a path in alphabetical order, with HEAD beside GET and OPTIONS; empty when nothing is served there. */
  of(path: string): string[] {
    const found = [...this.methods].filter((method) => this.serves(method, path));
    if (found.length === 0) return [];
    return [...new Set([...found, ...(found.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort();
  }
}
