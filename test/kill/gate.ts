/** Lets clients through while it is open, and says when the last one is out. */
export class Gate {
  #open = true;
  #inside = 0;
  #waiting: (() => void)[] = [];
  #empty: (() => void)[] = [];

  /** Runs the work once the gate is open. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    while (!this.#open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) for (const resolve of this.#empty.splice(0)) resolve();
    }
  }

  /** Closes and resolves once nobody is inside. */
  async close(): Promise<void> {
    this.#open = false;
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#empty.push(resolve));
  }

  open(): void {
    this.#open = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
