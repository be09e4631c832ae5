import type { Invocation } from '../invocation.js';

/** A line on stderr that says how far something is: on a terminal drawn over itself, elsewhere printed whenever it differs. */
export class ProgressLine {
  private last = '';

  constructor(private readonly invocation: Invocation) {}

  show(line: string): void {
    if (this.invocation.flags.quiet || line === this.last) return;
    this.last = line;
    const { err, terminal } = this.invocation.io;
    if (terminal?.err) err(`\r\u001b[2K${line.slice(0, terminal.columns - 1)}`);
    else err(`${line}\n`);
  }

  /** Leaves the line, before anything else is printed. */
  end(): void {
    if (this.last !== '' && this.invocation.io.terminal?.err) this.invocation.io.err('\n');
    this.last = '';
  }
}
