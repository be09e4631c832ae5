/** The reports of one job, last word included: what a worker of the original sends for an ADD. */
export const reports = ['validating', 'transforming', 'partitioning', 'built', 'importing', 'completed'];

const namesOfClient = 50;

/** The dataset of a client's nth job; names come again, as they do in life. */
const datasetOf = (client, n) => `BENCH_${client}_${n % namesOfClient}`;

/**
 * Runs lifecycles in parallel until the time is over and there are enough; those that have begun are finished.
 * @param {{ clients: number, seconds: number, atLeast?: number }} load
 * @param {(datasetName: string) => Promise<void>} lifecycle
 * @returns {Promise<{ lifecycles: number, seconds: number, processorSeconds: number }>}
 */
export async function runLifecycles({ clients, seconds, atLeast = 0 }, lifecycle) {
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  let lifecycles = 0;
  const run = async (client) => {
    for (let n = 0; performance.now() - startedAt < seconds * 1_000 || lifecycles < atLeast; n++) {
      await lifecycle(datasetOf(client, n));
      lifecycles++;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  const { user, system } = process.cpuUsage(usedBefore);
  return { lifecycles, seconds: (performance.now() - startedAt) / 1_000, processorSeconds: (user + system) / 1e6 };
}
