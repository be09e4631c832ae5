import { writeFileSync } from 'node:fs';

/** Imported by a service that is measured: at SIGUSR2 it collects its garbage and writes what is left to BENCH_MEMORY_FILE. Needs --expose-gc. */
process.on('SIGUSR2', () => {
  for (let n = 0; n < 3; n++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  writeFileSync(process.env.BENCH_MEMORY_FILE, JSON.stringify({ heapUsed, external, rss }));
});
