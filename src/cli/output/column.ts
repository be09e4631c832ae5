import type { Paint } from './paint.js';

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** A path in the item, which `--plain` prints too, or what to make of the item for people. */
  readonly path: string;
  readonly show?: (item: Readonly<Record<string, unknown>>, paint: Paint) => string;
}
