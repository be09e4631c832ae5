import { SingleBar, Presets } from 'cli-progress';

const startedAt = performance.now();

/** Says on standard error what is being done. */
export function say(text) {
  process.stderr.write(`${String(Math.round((performance.now() - startedAt) / 1_000)).padStart(5)} s  ${text}\n`);
}

/**
 * A bar on standard error; where that is no terminal, a line for each tenth.
 * @param {string} what
 * @param {number} total
 * @returns {{ advance(count: number): void, end(): void }}
 */
export function progressBar(what, total) {
  if (!process.stderr.isTTY) return tenths(what, total);
  const bar = new SingleBar(
    { format: `         ${what} {bar} {value}/{total}  {eta_formatted}`, stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { advance: (count) => bar.increment(count), end: () => bar.stop() };
}

function tenths(what, total) {
  let [done, told] = [0, 0];
  const advance = (count) => {
    done += count;
    if (done / total < (told + 1) / 10) return;
    told = Math.floor((done / total) * 10);
    say(`${what}: ${done}/${total}`);
  };
  return { advance, end: () => undefined };
}
