import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';
import type { LogEntry, LogFields } from './log-fields.js';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Nest tells at start what it loads and maps: of interest only when that goes wrong. */
const startChatter = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

interface Line {
  readonly fields: LogFields;
  readonly message: string;
}

function lineOf(message: unknown): Line {
  if (message instanceof Error) return { fields: { error: message }, message: message.message };
  if (typeof message !== 'object' || message === null) return { fields: {}, message: String(message) };
  const { message: text, ...fields } = message as Partial<LogEntry>;
  return { fields, message: typeof text === 'string' ? text : '' };
}

/** Nest passes the name of the speaking class last, and before it, for errors, a stack or the error. */
function extrasOf(rest: readonly unknown[]): LogFields {
  const last = rest.at(-1);
  const component = typeof last === 'string' && !last.includes('\n') ? last : undefined;
  const error = rest.find((item) => item instanceof Error);
  const stack = rest.find((item) => typeof item === 'string' && item.includes('\n'));
  return { component, error: error ?? (stack === undefined ? undefined : { stack }) };
}

const present = (fields: object): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Takes the lines of Nest's `Logger`, that is, of Nest itself and of every feature, to the logger of the process. A message is a text, an `Error`, or
 * a `LogEntry`.
 */
export class NestPinoLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  /** Writes at `info`; what Nest says about its own start at `debug`. */
  log(message: unknown, ...rest: unknown[]): void {
    const component = extrasOf(rest).component;
    this.write(component !== undefined && startChatter.has(component) ? 'debug' : 'info', message, rest);
  }

  /** Writes at `fatal`: the process is about to end. */
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Writes at `error`: a human must act. */
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  /** Writes at `warn`: healed, or will heal. */
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  /** Writes at `debug`: the caller's mistakes, and details. */
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  /** Writes at `trace`. */
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.logger.isLevelEnabled(level)) return;
    const line = lineOf(message);
    this.logger[level](present({ ...extrasOf(rest), ...line.fields }), line.message);
  }
}
