/** Ends a waiting early; a ring while nobody waits is kept for the next waiting. */
export class Bell {
  private rung = false;
  private endWaiting: (() => void) | undefined;

  /** Ends the waiting, now or the next one. */
  ring(): void {
    this.rung = true;
    this.endWaiting?.();
  }

  /** Resolves after `ms`, at a ring, or when the signal aborts. One waits at a time. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.rung && !signal.aborted) await this.waitForRing(ms, signal);
    this.rung = false;
  }

  private waitForRing(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.endWaiting = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      this.endWaiting = end;
    });
  }
}
