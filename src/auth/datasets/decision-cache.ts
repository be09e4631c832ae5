interface Entry<T> {
  readonly answer: Promise<T>;
  /** By the same clock as `nowMs`; infinite while the answer is awaited. */
  freshUntil: number;
}

export interface DecisionCacheOptions<T> {
  /** How long an answer is good. */
  readonly lifeMs: (answer: T) => number;
  /** Answers that are remembered at most; the oldest are forgotten first. */
  readonly entries: number;
  /** A monotonic clock. */
  readonly nowMs: () => number;
}

/** Answers by key, each for a short time; who asks while an answer is on its way shares it. Failures are not remembered. */
export class DecisionCache<T> {
  private readonly held = new Map<string, Entry<T>>();

  constructor(private readonly options: DecisionCacheOptions<T>) {}

  /**
   * The remembered answer, else that of `ask`.
   * @param atMostMs bounds the life of a new answer further
   */
  get(key: string, atMostMs: number, ask: () => Promise<T>): Promise<T> {
    const known = this.held.get(key);
    if (known && this.options.nowMs() < known.freshUntil) return known.answer;
    this.held.delete(key);
    const entry: Entry<T> = { answer: ask(), freshUntil: Infinity };
    this.keep(key, entry);
    void this.settle(key, entry, atMostMs);
    return entry.answer;
  }

  private keep(key: string, entry: Entry<T>): void {
    this.held.set(key, entry);
    if (this.held.size > this.options.entries) this.held.delete(this.held.keys().next().value!);
  }

  private async settle(key: string, entry: Entry<T>, atMostMs: number): Promise<void> {
    try {
      entry.freshUntil = this.options.nowMs() + Math.min(this.options.lifeMs(await entry.answer), atMostMs);
    } catch {
      if (this.held.get(key) === entry) this.held.delete(key); // the caller sees the failure
    }
  }
}
