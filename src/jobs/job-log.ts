import { type Expression, expression, operand } from '../database/change.js';

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

/**
 * Appends lines with the server's time, all or none: lines that do not fit any more are replaced by one line that says so, later ones are dropped.
 * @param lines uncut messages
 * @param before where log and size stand: `$log` and `$logBytes` of the document, or literals
 */
export function appendLines(
  lines: readonly string[],
  before: { log: Expression; logBytes: Expression } = { log: expression('$log'), logBytes: expression('$logBytes') },
): LogAppend {
  const messages = lines.map(cutLine);
  const size = messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
  const after = { $add: [before.logBytes.json, size] };
  const fits = { $lte: [after, maxLogBytes] };
  const isFull = { $gt: [before.logBytes.json, maxLogBytes] };
  const line = (message: string) => ({ at: '$$NOW', message: operand(message) });
  const added = { $cond: [fits, messages.map(line), { $cond: [isFull, [], [line(fullLine)]] }] };
  return {
    log: expression({ $concatArrays: [before.log.json, added] }),
    logBytes: expression({ $cond: [fits, after, maxLogBytes + 1] }),
  };
}
