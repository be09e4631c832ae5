import { InvalidArgumentError } from 'commander';

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const longestSeconds = 366 * 86_400;

/**
 * Seconds of a text such as `30d`, `12h`, `15m`, `90s`; at least one second, at most 366 days.
 * @throws InvalidArgumentError for any other text
 */
export function durationSeconds(text: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(amount) * (secondsPerUnit[unit ?? ''] ?? NaN);
  if (!(seconds >= 1 && seconds <= longestSeconds))
    throw new InvalidArgumentError('Write a time such as 90s, 15m, 12h or 30d, at most 366d.');
  return seconds;
}
