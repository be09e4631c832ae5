/** Thrown when a question was not answered within its limit. */
export class NoAnswerError extends Error {
  constructor(readonly limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'NoAnswerError';
  }
}

async function withinLimit<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswerError(limitMs)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An asynchronous question that nobody waits for too long, and that is never asked again while an earlier asking is still unanswered. */
export class BoundedCall<T> {
  private running: Promise<T> | undefined;

  constructor(
    private readonly question: () => Promise<T>,
    private readonly limitMs: number,
  ) {}

  /**
   * The answer, shared by all who ask at the same time.
   * @throws NoAnswerError when the limit passed; otherwise what the question throws.
   */
  ask(): Promise<T> {
    this.running ??= this.start();
    return withinLimit(this.running, this.limitMs);
  }

  private start(): Promise<T> {
    const running = (async () => this.question())().finally(() => {
      this.running = undefined;
    });
    running.catch(() => undefined); // whoever asked sees the failure; after the limit nobody is left to see it
    return running;
  }
}
