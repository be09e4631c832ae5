import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ScanThread } from './scan-thread.js';
import type { FinishedScan } from './tar-scan.js';

const idleMs = 30_000;
/** Enough for 100,000 members on a slow disk or a busy machine; a plain tar of any size with fewer takes milliseconds. */
const plainDeadlineMs = 10_000;
/** Expanding goes with 5 (bzip2) to 500 (gzip) MB a second. */
const compressedDeadlineMs = 60_000;

/** The compiled module of the thread. Sources that run uncompiled, as tests do, use the one of the last build. */
function threadEntry(): URL {
  const here = import.meta.url;
  const base = here.endsWith('.ts') ? here.replace(/\/src\/(datasets\/)/, '/dist/$1') : here;
  return new URL('./scan.worker.js', base);
}

/**
 * Looks into tar files outside the main thread. Compressed files have a thread of their own, so that one that takes its whole deadline keeps no plain one
 * waiting.
 */
@Injectable()
export class TarScanner implements OnApplicationShutdown {
  private readonly plain = new ScanThread({ entry: threadEntry(), deadlineMs: plainDeadlineMs, idleMs });
  private readonly compressed = new ScanThread({ entry: threadEntry(), deadlineMs: compressedDeadlineMs, idleMs });

  /** What stands in a file, as far as the wanted member names go. Never rejects, and always answers within the deadlines and its turn. */
  async scan(path: string, wanted: readonly string[]): Promise<FinishedScan> {
    const scan = await this.plain.scan({ path, wanted, expand: false });
    return scan.outcome === 'compressed' ? ((await this.compressed.scan({ path, wanted, expand: true })) as FinishedScan) : scan;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.plain.close(), this.compressed.close()]);
  }
}
