import { type Expression, expression, now, operand } from '../database/change.js';

/** Bytes of one line; longer ones are cut. */
const maxLineBytes = 4_096;
/** Bytes of a job's whole log; then one line says that it is full, and further ones are dropped. */
const maxLogBytes = 262_144;

const fullLine = 'log full';

/** The text, cut at 4 KiB of UTF-8 without breaking a character. */
function cutLine(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxLineBytes) return text;
  let end = maxLineBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** What appending lines does to `log` and `logBytes`, as expressions over the values before. */
export interface LogAppend {
  readonly log: Expression;
  readonly logBytes: Expression;
}

/** Where log and size stand: `$log` and `$logBytes` of the document, or literals. */
type LogBefore = LogAppend;
const documentLog: LogBefore = { log: expression('$log'), logBytes: expression('$logBytes') };

/**
 * Appends lines with the server's time, all or none: lines that do not fit any more are replaced by one line that says so, later ones are dropped.
 * @param lines uncut messages
 */
export function appendLines(lines: readonly string[], before: LogBefore = documentLog): LogAppend {
  const messages = lines.map(cutLine);
  const size = messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
  return appended(
    messages.map((message) => ({ at: now, message: operand(message) })),
    size,
    before,
  );
}

/**
 * As `appendLines`, without as many of the first lines as `skipped` says.
 * @param skipped an expression; more than there are lines leaves out all
 */
export function appendLinesBehind(lines: readonly string[], skipped: Expression): LogAppend {
  const messages = lines.map(cutLine);
  const rest = (all: readonly unknown[]) => ({
    $cond: [{ $gte: [skipped.json, all.length] }, [], { $slice: [operand(all), skipped.json, Math.max(all.length, 1)] }],
  });
  const added = { $map: { input: rest(messages), as: 'message', in: { at: now, message: '$$message' } } };
  return appended(added, { $sum: rest(messages.map((message) => Buffer.byteLength(message))) }, documentLog);
}

function appended(lines: unknown, size: unknown, before: LogBefore): LogAppend {
  const after = { $add: [before.logBytes.json, size] };
  const fits = { $lte: [after, maxLogBytes] };
  const isFull = { $gt: [before.logBytes.json, maxLogBytes] };
  const full = [{ at: now, message: operand(fullLine) }];
  return {
    log: expression({ $concatArrays: [before.log.json, { $cond: [fits, lines, { $cond: [isFull, [], full] }] }] }),
    logBytes: expression({ $cond: [fits, after, maxLogBytes + 1] }),
  };
}
