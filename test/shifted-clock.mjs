/** Imported first, moves the clock that a process sees by CLOCK_AHEAD_MS. Timers and `performance` go on as they are: they measure durations. */
const aheadMs = Number(process.env.CLOCK_AHEAD_MS);
const now = () => Math.trunc(performance.timeOrigin + performance.now()) + aheadMs;

globalThis.Date = new Proxy(Date, {
  construct: (date, args, newTarget) => Reflect.construct(date, args.length === 0 ? [now()] : args, newTarget),
  apply: (date) => new date(now()).toString(),
  get: (date, key) => (key === 'now' ? now : Reflect.get(date, key)),
});
