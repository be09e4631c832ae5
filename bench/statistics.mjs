/**
 * The value below which a share of the values lies, by the nearest rank.
 * @param {readonly number[]} values at least one, in any order
 * @param {number} share between 0 and 1
 */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The middle value; between the two in the middle of an even number. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
}

/** Median, least and greatest value. */
export const spread = (values) => ({ value: median(values), min: Math.min(...values), max: Math.max(...values) });

/** Median, 95th and 99th percentile, and the greatest of some latencies. */
export const latencies = (values) => ({
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
  max: quantile(values, 1),
  count: values.length,
});
