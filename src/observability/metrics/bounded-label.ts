/** Stands for every value that is not told apart. */
export const otherValue = 'other';

const word = /^[A-Za-z][\w-]{0,63}$/;

/** Bounds the number of time series that one label can make: only its first values are told apart, and only words. */
export class BoundedLabel {
  private readonly known = new Set<string>();

  constructor(private readonly limit: number) {}

  /** The value itself while it is among the first `limit` different ones, else `other`. */
  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.limit || !word.test(value)) return otherValue;
    this.known.add(value);
    return value;
  }
}
