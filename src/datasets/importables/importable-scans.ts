import { Injectable, Logger } from '@nestjs/common';
import type { ImportableFile } from './importable-folder.js';
import { TarScanner } from './tar-scanner.js';

/** What an importable tar has, as far as importing goes. */
export interface TarContents {
  /** A member NAME.json at the root. */
  readonly hasMetadata: boolean;
  /** A member `chunks` at the root. */
  readonly hasData: boolean;
}

/** What is known of a file's contents. */
export type ContentsAnswer = TarContents | 'unreadable' | 'not-yet-read';

interface KnownScan {
  readonly version: string;
  readonly contents: TarContents | 'unreadable';
  /** When it is tried again, by the process's monotonic clock; infinite where the content itself was at fault. */
  readonly retryAt: number;
}

const maxKnown = 10_000;
/** How long a request waits for a file. Nearly all are read in milliseconds; the others appear in a later list. */
const patienceMs = 5_000;
/** Pause before a file that could not be read for an outside reason, such as a slow disk or too many open files, is tried again. */
const retryMs = 15 * 60_000;

const keyOf = (file: ImportableFile): string => `${file.name} ${file.path}`;

/**
 * Knows what stands in each version of a file. A version is read once, whoever asks and how often; requests that ask meanwhile share the reading. What is
 * unreadable is told in the log once for each version.
 */
@Injectable()
export class ImportableScans {
  private readonly logger = new Logger(ImportableScans.name);
  /** In the order in which they became known. */
  private readonly known = new Map<string, KnownScan>();
  private readonly running = new Map<string, { readonly since: number; readonly contents: Promise<ContentsAnswer> }>();

  constructor(private readonly scanner: TarScanner) {}

  /** What stands in the file; `not-yet-read` when that takes too long to wait for, `unreadable` also when it has vanished. */
  async contentsOf(file: ImportableFile): Promise<ContentsAnswer> {
    const known = this.known.get(keyOf(file));
    if (known?.version === file.version && performance.now() < known.retryAt) return known.contents;
    if (file.refusal !== null) return this.rememberUnreadable(file, file.version, file.refusal);
    const key = `${keyOf(file)} ${file.version}`;
    let running = this.running.get(key);
    if (!running) {
      running = { since: performance.now(), contents: this.read(file).finally(() => this.running.delete(key)) };
      this.running.set(key, running);
    }
    return withPatience(running.contents, running.since + patienceMs - performance.now());
  }

  private async read(file: ImportableFile): Promise<ContentsAnswer> {
    const metadata = `${file.name}.json`;
    const scan = await this.scanner.scan(file.path, [metadata, 'chunks']);
    if (scan.outcome === 'vanished') return 'unreadable';
    if (scan.outcome === 'unreadable') return this.rememberUnreadable(file, scan.version, scan.reason);
    const contents = { hasMetadata: scan.found.includes(metadata), hasData: scan.found.includes('chunks') };
    this.remember(file, { version: scan.version, contents, retryAt: Infinity });
    return contents;
  }

  private rememberUnreadable(file: ImportableFile, version: string | null, reason: string): 'unreadable' {
    const retryAt = version === null ? performance.now() + retryMs : Infinity;
    const scan: KnownScan = { version: version ?? file.version, contents: 'unreadable', retryAt };
    if (this.known.get(keyOf(file))?.version !== scan.version) {
      const place = file.isArchived ? 'archive' : 'input folder';
      this.logger.warn({ message: `importable file in the ${place} skipped: ${reason}`, datasetName: file.name });
    }
    this.remember(file, scan);
    return 'unreadable';
  }

  /** The file may have changed since the request saw it: the version that was read counts. */
  private remember(file: ImportableFile, scan: KnownScan): void {
    this.known.delete(keyOf(file));
    this.known.set(keyOf(file), scan);
    for (const key of this.known.keys()) {
      if (this.known.size <= maxKnown) break;
      this.known.delete(key);
    }
  }
}

/** The answer, or `not-yet-read` once the time is over; at once when it is over already, but never before a settled answer was seen. */
async function withPatience(answer: Promise<ContentsAnswer>, delayMs: number): Promise<ContentsAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<'not-yet-read'>((resolve) => {
    timer = setTimeout(() => resolve('not-yet-read'), Math.max(delayMs, 0));
  });
  try {
    return await Promise.race([answer, impatience]);
  } finally {
    clearTimeout(timer);
  }
}
