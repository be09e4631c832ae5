/** Answers to one question, each remembered for a while, so that a storm of callers asks once. An answer that fails is not remembered. */
export class Remembered<T> {
  private readonly answers = new Map<string, { readonly askedAtMs: number; readonly answer: Promise<T> }>();

  /**
   * @param keptMs how long an answer is taken for true
   * @param ask asks about one subject; the subjects are few
   */
  constructor(
    private readonly keptMs: number,
    private readonly ask: (subject: string) => Promise<T>,
  ) {}

  /** The answer about a subject, asked now or at most `keptMs` ago. */
  of(subject: string): Promise<T> {
    const askedAtMs = performance.now();
    const known = this.answers.get(subject);
    if (known && askedAtMs - known.askedAtMs < this.keptMs) return known.answer;
    const answer = this.ask(subject);
    this.answers.set(subject, { askedAtMs, answer });
    answer.catch(() => this.answers.delete(subject));
    return answer;
  }
}
