/** Growing pauses between attempts: doubled from `firstMs` up to `maxMs`, of which each is taken at random between half and whole. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const whole = Math.min(this.firstMs * 2 ** Math.min(this.failures++, 30), this.maxMs);
    return whole * (0.5 + this.random() / 2);
  }

  /** Starts over after a success. */
  reset(): void {
    this.failures = 0;
  }
}
