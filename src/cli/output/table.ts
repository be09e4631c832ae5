import Table from 'cli-table3';
import type { Paint } from './paint.js';
import type { Column } from './column.js';
import { shown, valueAt } from './text.js';

const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const lines = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const noLines = { ...Object.fromEntries([...borders, ...lines].map((name) => [name, ''])), middle: '  ' };

/** Items as a table without lines: a heading, then one row an item. */
export function tableOf(items: readonly Readonly<Record<string, unknown>>[], columns: readonly Column[], paint: Paint): string {
  const table = new Table({
    head: columns.map(({ title }) => paint.dim(title)),
    chars: noLines,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const item of items) table.push(columns.map(({ path, show }) => (show ? show(item, paint) : shown(valueAt(item, path)))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
