import type { FastifyRequest } from 'fastify';
import { CompatError } from '../../common/http/compat-error.js';

/** What is asked of a request. */
export type SameSiteRequest = Pick<FastifyRequest, 'headers' | 'host'>;

function isOurs(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

function isSameSite({ headers, host }: SameSiteRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === undefined || isOurs(headers.origin, host);
}

/**
 * Refuses an unsafe request that a page of another site made a browser send along with our cookies. Programs send neither of the headers that browsers add.
 * @throws CompatError 403
 * @see SECURITY-RULES.md 4
 */
export function assertSameSite(request: SameSiteRequest): void {
  if (request.headers.cookie === undefined || isSameSite(request)) return;
  throw new CompatError(403, 'The request comes from a page of another site. Cookies are taken from pages of this service only.');
}
