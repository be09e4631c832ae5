/** Colours of a terminal, or none. */
export interface Paint {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const plain = (text: string): string => text;
const style =
  (code: number, end: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[${end}m`;

/** How texts are marked; without colours they stay as they are. */
export const paint = (coloured: boolean): Paint =>
  coloured
    ? { dim: style(2, 22), bold: style(1, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39) }
    : { dim: plain, bold: plain, red: plain, green: plain, yellow: plain };

/** A state in its colour. */
export function paintedStatus(status: string, { red, green, yellow }: Paint): string {
  if (status === 'completed' || status === 'finished' || status === 'alive' || status === 'quiet') return green(status);
  if (status === 'failed' || status === 'lost' || status === 'cancelled') return red(status);
  return status === 'running' || status === 'draining' ? yellow(status) : status;
}
