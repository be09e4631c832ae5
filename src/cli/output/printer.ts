import type { CommandIo } from '../command-io.js';
import type { GlobalFlags } from '../global-flags.js';
import type { Column } from './column.js';
import { paint, type Paint } from './paint.js';
import { shown, valueAt } from './text.js';

type Item = Readonly<Record<string, unknown>>;

/** Only some fields of a document, as a document with their paths as names. */
const picked = (document: unknown, fields: readonly string[]): object =>
  Object.fromEntries(fields.map((path) => [path, valueAt(document, path) ?? null]));

/** Prints results, in the form that the flags ask for: tables and sentences for people, else JSON or values with tabs between them. */
export class Printer {
  readonly paint: Paint;

  constructor(
    private readonly io: CommandIo,
    private readonly flags: GlobalFlags,
  ) {
    const coloured = flags.color && io.terminal?.out === true && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
    this.paint = paint(coloured);
  }

  get format(): 'human' | 'json' | 'jsonl' | 'plain' {
    if (this.flags.json) return 'json';
    if (this.flags.jsonl) return 'jsonl';
    return this.flags.plain ? 'plain' : 'human';
  }

  /** Tells something beside the result; not with `--quiet`. */
  note(text: string): void {
    if (!this.flags.quiet) this.io.err(`${text}\n`);
  }

  /** Prints one line as it is. */
  line(text: string): void {
    this.io.out(`${text}\n`);
  }

  /**
   * Prints one document.
   * @param forPeople its lines for people; default: its fields
   */
  one(document: object, forPeople?: (paint: Paint) => readonly string[]): void {
    const { fields } = this.flags;
    const chosen = fields ? picked(document, fields) : document;
    if (this.format === 'json') this.line(JSON.stringify(chosen, null, 2));
    else if (this.format === 'jsonl') this.line(JSON.stringify(chosen));
    else if (this.format === 'plain') this.plainDocument(document);
    else for (const line of fields || !forPeople ? rowsOf(chosen, this.paint) : forPeople(this.paint)) this.line(line);
  }

  /** Prints one item of a list that is not at hand as a whole, in the formats of one item a line. */
  item(item: Item, columns: readonly Column[]): void {
    const { fields } = this.flags;
    if (this.format === 'jsonl' || this.format === 'json') this.line(JSON.stringify(fields ? picked(item, fields) : item));
    else this.line((fields ?? columns.map(({ path }) => path)).map((path) => shown(valueAt(item, path))).join('\t'));
  }

  /** Prints a page, in the format of one document or as a table. */
  async page(page: { readonly items: readonly Item[] }, columns: readonly Column[]): Promise<void> {
    const { fields } = this.flags;
    const items = fields ? page.items.map((item) => picked(item, fields)) : page.items;
    if (this.format === 'json') this.line(JSON.stringify({ ...page, items }, null, 2));
    else if (this.format !== 'human') for (const item of page.items) this.item(item, columns);
    else if (page.items.length > 0) {
      const { tableOf } = await import('./table.js');
      const chosen = fields ? fields.map((path) => ({ title: path, path })) : columns;
      this.line(tableOf(page.items, chosen, this.paint));
    }
  }

  private plainDocument(document: object): void {
    const { fields } = this.flags;
    if (fields) this.line(fields.map((path) => shown(valueAt(document, path))).join('\t'));
    else for (const [name, value] of Object.entries(document)) this.line(`${name}\t${shown(value)}`);
  }
}

/** Names and values, the values below each other; what is null is left out. */
function rowsOf(document: object, { dim }: Paint): string[] {
  const present = Object.entries(document).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${dim(name.padEnd(width))}  ${shown(value)}`);
}
