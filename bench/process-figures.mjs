import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const kilobyte = 1_024;
const ticksPerSecond = 100;

/** Resident memory of a process in bytes. */
export async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  if (status !== null) return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * kilobyte;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * kilobyte;
}

/** Processor seconds that a process has used so far; null where the system has no /proc. */
export async function processorSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/**
 * Looks at the memory of a process again and again.
 * @returns {{ stop(): number[] }} `stop` gives the samples, in bytes
 */
export function watchMemory(pid, everyMs = 100) {
  const samples = [];
  const timer = setInterval(() => {
    residentBytes(pid).then(
      (bytes) => samples.push(bytes),
      () => undefined, // it has ended
    );
  }, everyMs);
  const stop = () => {
    clearInterval(timer);
    return samples;
  };
  return { stop };
}
