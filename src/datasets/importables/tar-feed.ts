import { TarFault } from './tar-header.js';
import type { Demand, Supply, TarWalk } from './tar-walk.js';

const nothing = Buffer.alloc(0);

/** Drives a walk with bytes that arrive piece by piece, as a decompressor gives them. Memory stays at one header whatever the content's size. */
export class TarFeed {
  private found: ReadonlySet<string> | undefined;
  /** Filled by `take` demands; undefined while skipping. */
  private taken: Buffer | undefined;
  private missing = 0;
  private fedBytes = 0;

  /** @throws TarFault from `feed` once more than `maxBytes` came in */
  constructor(
    private readonly walk: TarWalk,
    private readonly maxBytes: number,
  ) {
    this.follow(walk.next());
  }

  /**
   * Gives the walk more bytes; the buffer may be used again afterwards. True once the walk needs no more.
   * @throws TarFault as the walk does
   */
  feed(chunk: Uint8Array): boolean {
    this.fedBytes += chunk.length;
    if (this.fedBytes > this.maxBytes) throw new TarFault(`it expands to more than ${this.maxBytes} bytes, which is too much for its size`);
    for (let at = 0; at < chunk.length && !this.found;) {
      const count = Math.min(this.missing, chunk.length - at);
      this.taken?.set(chunk.subarray(at, at + count), this.taken.length - this.missing);
      this.missing -= count;
      at += count;
      if (this.missing === 0) this.supply(this.taken ?? nothing);
    }
    return this.found !== undefined;
  }

  /**
   * The members found, when the data has ended.
   * @throws TarFault as the walk does, in particular where the data ended too early
   */
  end(): ReadonlySet<string> {
    while (!this.found) this.supply(this.taken?.subarray(0, this.taken.length - this.missing));
    return this.found;
  }

  private supply(bytes: Supply): void {
    this.follow(this.walk.next(bytes));
  }

  private follow(step: IteratorResult<Demand, ReadonlySet<string>>): void {
    if (step.done) {
      this.found = step.value;
    } else {
      this.missing = 'take' in step.value ? step.value.take : step.value.skip;
      this.taken = 'take' in step.value ? Buffer.alloc(step.value.take) : undefined;
    }
  }
}
