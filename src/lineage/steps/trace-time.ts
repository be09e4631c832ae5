const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/i;
const dayAndTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** The instant of a time as steps state it: ISO 8601, without a zone UTC; null for anything else. */
export function timeIn(text: unknown): Date | null {
  if (typeof text !== 'string' || !dayAndTime.test(text)) return null;
  const time = new Date(zoned.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? null : time;
}
