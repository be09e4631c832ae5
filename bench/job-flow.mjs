const namesOfProducer = 50;

/** The dataset of a producer's nth job; names come again, as they do in life. */
const nameOf = (producer, n) => `BENCH_${producer}_${n % namesOfProducer}`;

/** Jobs under way from their creation to their end. */
export class JobFlow {
  #waiting = new Map();

  /** Says that a job is done. */
  done(name) {
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
  }

  /**
   * Keeps so many jobs under way until the time is over and there are enough: each producer makes one, waits for its end, and makes the next. Those that were made
   * are waited for.
   * @param {{ outstanding: number, seconds: number, atLeast?: number }} load
   * @param {(name: string) => Promise<unknown>} create
   */
  async run({ outstanding, seconds, atLeast = 0 }, create) {
    const startedAt = performance.now();
    const usedBefore = process.cpuUsage();
    let lifecycles = 0;
    const produce = async (producer) => {
      for (let n = 0; performance.now() - startedAt < seconds * 1_000 || lifecycles < atLeast; n++) {
        const name = nameOf(producer, n);
        const ended = new Promise((resolve) => this.#waiting.set(name, resolve));
        await create(name);
        await ended;
        lifecycles++;
      }
    };
    await Promise.all(Array.from({ length: outstanding }, (_, producer) => produce(producer)));
    const { user, system } = process.cpuUsage(usedBefore);
    return { lifecycles, seconds: (performance.now() - startedAt) / 1_000, processorSeconds: (user + system) / 1e6 };
  }
}
