import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { isColorSupported, prettyFactory, type PrettyOptions } from 'pino-pretty';
import type { Settings } from '../../config/settings.js';
import { versionOf } from '../version.js';
import { Loggable, type TextFilters } from './loggable.js';
import { withEscapedControls, withoutControls, withoutSecrets } from './redaction.js';

/** Where the lines go; for tests. */
export interface LogTarget {
  /** Default: standard output. */
  readonly destination?: DestinationStream;
  /** True when people read the lines as they come. Default: standard output is a terminal. */
  readonly terminal?: boolean;
}

type LogSettings = Pick<Settings, 'logLevel' | 'logFormat' | 'commitId'>;

function optionsOf(settings: LogSettings, filters: TextFilters): LoggerOptions {
  const loggable = new Loggable(filters);
  const asItIs = (value: unknown): unknown => value;
  return {
    level: settings.logLevel,
    base: { service: 'signalbox', version: versionOf(settings) },
    messageKey: 'message',
    errorKey: 'error',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }), log: (fields) => loggable.fields(fields) },
    // Fastify adds serializers of its own for these names, which would print addresses with their query.
    serializers: { message: (text: unknown) => loggable.text(String(text)), error: asItIs, err: asItIs, req: asItIs, res: asItIs },
    hooks: { streamWrite: (line) => withEscapedControls(withoutSecrets(line)) },
  };
}

const pretty: PrettyOptions = {
  singleLine: true,
  messageKey: 'message',
  errorLikeObjectKeys: ['error'],
  translateTime: 'SYS:HH:MM:ss.l',
  ignore: 'service,version',
};

/** Written at once, so that a line stands where it belongs among what else is printed. */
function prettyStream(destination: DestinationStream | undefined): DestinationStream {
  const format = prettyFactory(destination ? { ...pretty, colorize: false } : { ...pretty, colorize: isColorSupported });
  const target = destination ?? pino.destination({ dest: 1, sync: true });
  return { write: (line) => target.write(format(line)) };
}

const forMachines: TextFilters = { line: (text) => text, stack: (text) => text };

/** No text can look like a line of its own, or move the cursor. */
const forTerminal: TextFilters = { line: (text) => withoutControls(text).replaceAll('\n', ' '), stack: withoutControls };

/**
 * The logger of the process: one JSON object a line, or a readable line on a terminal, as `LOG_FORMAT` says. It is Fastify's logger too, and through
 * `NestPinoLogger` that of Nest and of every feature. Lines are bounded and carry no secrets, whatever is passed.
 * @see SECURITY-RULES.md 10
 */
export function createLogger(settings: LogSettings, target: LogTarget = {}): Logger {
  const terminal = target.terminal ?? process.stdout.isTTY === true;
  const readable = settings.logFormat === null ? terminal : settings.logFormat === 'pretty';
  if (readable) return pino(optionsOf(settings, forTerminal), prettyStream(target.destination));
  // Not sync: a slow reader of the pipe must not stop the event loop. Lines still in memory are written when the process exits.
  return pino(optionsOf(settings, forMachines), target.destination ?? pino.destination({ dest: 1, sync: false }));
}
