import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';

const megabyte = 1_000_000;
const megabytes = (bytes: number) => (bytes / megabyte).toFixed(0);

/** Where progress is shown: standard error, as a rule. */
export type ProgressOutput = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Shows how a download proceeds. */
export interface FetchProgress {
  /** Takes the bytes on disk so far. */
  at(bytes: number): void;
  /** Ends the display, with the reason when there will be no more. */
  end(failure: string | null): void;
}

/** A progress bar on a terminal, else plain lines: one at the start, one for each ten megabytes, one at the end. */
export function showProgress(output: ProgressOutput, what: string, totalBytes: number | null): FetchProgress {
  return output.isTTY ? barOn(output, what, totalBytes) : linesOn(output, what, totalBytes);
}

/**
 * Runs the work while reporting every 200 ms how far the download in a folder is. What a foreign program fetches can be watched this way,
 * whichever way it reports itself.
 */
export async function watchGrowth<T>(folder: string, onBytes: (bytes: number) => void, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => void largestFileIn(folder).then(onBytes), 200);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of the largest file below a folder. Not the sum: a finished download is there twice while it is moved. */
async function largestFileIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => ({ size: 0 }))).size));
  return Math.max(0, ...sizes);
}

function barOn(output: NodeJS.WritableStream, what: string, totalBytes: number | null): FetchProgress {
  const format = totalBytes === null ? `${what}: {megabytes} MB` : `${what} {bar} {percentage} % of ${megabytes(totalBytes)} MB`;
  const bar = new SingleBar({ stream: output, format, barsize: 30, hideCursor: true }, Presets.shades_classic);
  const most = totalBytes ?? Number.MAX_SAFE_INTEGER;
  bar.start(most, 0, { megabytes: '0' });
  return {
    at: (bytes) => bar.update(Math.min(bytes, most), { megabytes: megabytes(bytes) }),
    end: (failure) => {
      if (failure === null && totalBytes !== null) bar.update(totalBytes);
      bar.stop();
      if (failure !== null) output.write(`  not available: ${failure}\n`);
    },
  };
}

function linesOn(output: NodeJS.WritableStream, what: string, totalBytes: number | null): FetchProgress {
  const total = totalBytes === null ? '' : ` of ${megabytes(totalBytes)} MB`;
  let shown = 0;
  output.write(`${what} …\n`);
  return {
    at: (bytes) => {
      if (bytes < shown + 10 * megabyte) return;
      shown = bytes;
      output.write(`  ${megabytes(bytes)} MB${total}\n`);
    },
    end: (failure) => output.write(failure === null ? '  done\n' : `  not available: ${failure}\n`),
  };
}
