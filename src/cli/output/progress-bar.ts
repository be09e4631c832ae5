import type { Invocation } from '../invocation.js';

const width = 30;
const redrawMs = 100;

/** A bar on stderr, on a terminal only. */
export class ProgressBar {
  private drawnAt = 0;

  constructor(private readonly invocation: Invocation) {}

  private get shown(): boolean {
    return this.invocation.io.terminal?.err === true && !this.invocation.flags.quiet;
  }

  show(done: number, total: number): void {
    if (!this.shown || (done < total && Date.now() - this.drawnAt < redrawMs)) return;
    this.drawnAt = Date.now();
    const full = total === 0 ? width : Math.round((done / total) * width);
    this.invocation.io.err(`\r\u001b[2K${'█'.repeat(full)}${'░'.repeat(width - full)} ${done} of ${total}`);
  }

  end(): void {
    if (this.shown && this.drawnAt > 0) this.invocation.io.err('\n');
  }
}
