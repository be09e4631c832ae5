import { namesSecret, redacted } from './redaction.js';

/** Bounds of one log line: characters of a text and of a stack, members of an object or array, nesting. */
export const logBounds = { textLength: 2_048, stackLength: 8_192, members: 32, depth: 4 } as const;

/** How texts are written, which differs between machines and terminals. */
export interface TextFilters {
  /** For a text of one line. */
  readonly line: (text: string) => string;
  /** For a stack, which has several. */
  readonly stack: (text: string) => string;
}

/** The first `length` characters, with a mark where something was cut. */
export const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;

/** Turns values into what may stand in a log line: bounded, free of named secrets, without getters or classes that print themselves. */
export class Loggable {
  constructor(private readonly filters: TextFilters) {}

  /** A text of one line, cut. */
  text(text: string): string {
    return cut(this.filters.line(text), logBounds.textLength);
  }

  /** The fields of a line. `err`, as Fastify calls it, becomes `error`, and the code of an error stands beside it as `error.code`. */
  fields(fields: object): Record<string, unknown> {
    const { err, error = err, ...rest } = fields as { err?: unknown; error?: unknown };
    if (!(error instanceof Error)) return this.members(error === undefined ? rest : { ...rest, error }, 0);
    const { code, ...described } = this.error(error, 1);
    return { 'error.code': code, ...this.members(rest, 0), error: described };
  }

  /** A loop, because every line passes here: twice as fast as mapping entries. */
  private members(object: object, depth: number): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    let count = 0;
    for (const name of Object.keys(object)) {
      if (count++ >= logBounds.members) break;
      kept[name] = namesSecret(name) ? redacted : this.value((object as Record<string, unknown>)[name], depth);
    }
    return kept;
  }

  private value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString();
    if (typeof value === 'function') return undefined;
    if (value === null || typeof value !== 'object') return value;
    return depth >= logBounds.depth ? '[…]' : this.object(value, depth + 1);
  }

  private object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (Array.isArray(value)) return value.slice(0, logBounds.members).map((item) => this.value(item, depth));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.members(value, depth);
    // Requests, sockets, buffers, database clients: their name says enough, their content is not for a log.
    return `[${value.constructor?.name ?? 'object'}]`;
  }

  private error(error: Error & { code?: unknown }, depth: number): Record<string, unknown> {
    return {
      code: error.code === undefined ? undefined : this.text(String(error.code)),
      name: this.text(error.name),
      message: this.text(error.message),
      stack: error.stack === undefined ? undefined : cut(this.filters.stack(error.stack), logBounds.stackLength),
      cause: error.cause === undefined ? undefined : this.value(error.cause, depth),
    };
  }
}
