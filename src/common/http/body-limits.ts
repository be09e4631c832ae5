import type { FastifyRequest } from 'fastify';
import { RequestInvalidError } from '../errors/request.errors.js';

/** How large the structure of a JSON body may be. */
export interface BodyLimits {
  readonly depth: number;
  readonly keys: number;
  readonly items: number;
}

/** @see SECURITY-RULES.md 6 */
const defaultBodyLimits: BodyLimits = { depth: 32, keys: 1_000, items: 1_000 };

const refuse = (path: readonly (string | number)[], code: string, message: string): never => {
  const pointer = path.map((step) => `/${String(step).toWellFormed()}`).join('');
  throw new RequestInvalidError(message, [{ pointer, code, message }]);
};

/**
 * Checks what no schema looks at: depth, sizes of objects and arrays, and that every text is valid Unicode.
 * @throws RequestInvalidError naming the place
 */
export function checkBody(value: unknown, limits: BodyLimits, path: readonly (string | number)[] = []): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) refuse(path, 'unicode', 'text must be valid Unicode: it has a lone surrogate');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (path.length >= limits.depth) refuse(path, 'depth', `JSON may be nested at most ${limits.depth} levels deep`);
  if (Array.isArray(value)) {
    if (value.length > limits.items) refuse(path, 'items', `an array may have at most ${limits.items} items`);
    value.forEach((item, index) => checkBody(item, limits, [...path, index]));
    return;
  }
  const entries = Object.entries(value);
  if (entries.length > limits.keys) refuse(path, 'keys', `an object may have at most ${limits.keys} keys`);
  for (const [key, item] of entries) {
    if (!key.isWellFormed()) refuse(path, 'unicode', 'keys must be valid Unicode');
    if (typeof item === 'object' || typeof item === 'string') checkBody(item, limits, [...path, key]);
  }
}

/** The limits of the route a request goes to: those in its config, else the defaults. */
export const bodyLimitsOf = (request: FastifyRequest): BodyLimits => ({
  ...defaultBodyLimits,
  ...(request.routeOptions.config as { bodyLimits?: Partial<BodyLimits> } | undefined)?.bodyLimits,
});
