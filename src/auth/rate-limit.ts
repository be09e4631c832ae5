import { RateLimitedError } from './auth.errors.js';

const maxSubjects = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/**
 * A token bucket for each subject, which holds the requests of one second. The 10,000 subjects seen last are remembered; a forgotten one starts with a full
 * bucket.
 */
export class SubjectRateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly perSecond: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Counts one request of a subject.
   * @throws RateLimitedError when the subject has used up its share
   */
  take(subject: string): void {
    const bucket = this.filled(subject);
    this.buckets.delete(subject);
    this.buckets.set(subject, bucket); // back to the end: the first of the map is the one seen longest ago
    if (this.buckets.size > maxSubjects) this.buckets.delete(this.buckets.keys().next().value!);
    if (bucket.tokens < 1) throw new RateLimitedError(Math.max(1, Math.ceil((1 - bucket.tokens) / this.perSecond)));
    bucket.tokens -= 1;
  }

  private filled(subject: string): Bucket {
    const now = this.nowMs();
    const bucket = this.buckets.get(subject) ?? { tokens: this.perSecond, filledAt: now };
    bucket.tokens = Math.min(this.perSecond, bucket.tokens + ((now - bucket.filledAt) / 1000) * this.perSecond);
    bucket.filledAt = now;
    return bucket;
  }
}
