/** Lets work on one subject run one after the other, in the order of coming; work on different subjects runs side by side. */
export class Turns {
  /** The end of the last work of each subject that has any, failed or not. */
  private readonly ends = new Map<string, Promise<void>>();

  /** Runs some work when all that came before it on the same subject has ended. */
  take<T>(subject: string, work: () => Promise<T>): Promise<T> {
    const before = this.ends.get(subject);
    const done = before ? before.then(work) : work();
    const end: Promise<void> = done.then(
      () => this.leave(subject, end),
      () => this.leave(subject, end), // the failure belongs to who asked for the work
    );
    this.ends.set(subject, end);
    return done;
  }

  private leave(subject: string, end: Promise<void>): void {
    if (this.ends.get(subject) === end) this.ends.delete(subject);
  }
}
