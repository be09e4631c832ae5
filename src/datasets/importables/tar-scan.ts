import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { chunksOf, walkFile } from './tar-file.js';
import { compressionOf, expandInto, type Compression } from './decompressors.js';
import type { ScanLimits } from './scan-limits.js';
import { TarFeed } from './tar-feed.js';
import { blockBytes, hasValidChecksum, isZeroBlock, TarFault } from './tar-header.js';
import { walkTar } from './tar-walk.js';

/** A file to look into. */
export interface ScanRequest {
  /** Absolute, no symbolic link. */
  readonly path: string;
  /** Member names to look for. */
  readonly wanted: readonly string[];
  /** False: a compressed file is not expanded, only recognised. */
  readonly expand: boolean;
}

/** What stands in one version of a file; `compressed` only where it is not to be expanded. */
export type TarScan = FinishedScan | { readonly outcome: 'compressed'; readonly version: string };
export type FinishedScan =
  | { readonly outcome: 'listed'; readonly version: string; readonly found: readonly string[] }
  /** `version` is null when it is not the content's fault, and another try may succeed. */
  | { readonly outcome: 'unreadable'; readonly version: string | null; readonly reason: string }
  | { readonly outcome: 'vanished' };

/** Names one version of a file's content: any write, replacement or change of rights gives another. */
export function versionOf(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/** True when the file is the one of that version, whatever its name and rights are by now. */
export function isSameFile(stats: BigIntStats, version: string): boolean {
  const content = (text: string) => text.slice(0, text.lastIndexOf(':'));
  return content(versionOf(stats)) === content(version);
}

/**
 * Looks into a file with synchronous reads: made for a worker thread, which its owner ends at a deadline. Never throws: a file that cannot be read is
 * `unreadable`, one that is gone `vanished`. Opens no link and waits for no pipe.
 */
export async function scanTar(request: ScanRequest, limits: ScanLimits): Promise<TarScan> {
  let fd: number;
  try {
    fd = openSync(request.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { outcome: 'vanished' } : { outcome: 'unreadable', version: null, reason: `it cannot be opened (${code})` };
  }
  try {
    return await scanOpen(fd, request, limits);
  } finally {
    closeSync(fd);
  }
}

async function scanOpen(fd: number, request: ScanRequest, limits: ScanLimits): Promise<TarScan> {
  const stats = fstatSync(fd, { bigint: true });
  const version = versionOf(stats);
  if (!stats.isFile()) return { outcome: 'unreadable', version, reason: 'it is not a regular file' };
  try {
    const compression = compressionIn(fd);
    if (compression && !request.expand) return { outcome: 'compressed', version };
    const found = compression
      ? await walkCompressed(fd, compression, { wanted: request.wanted, limits })
      : walkFile(fd, walkTar(request.wanted, limits));
    return { outcome: 'listed', version, found: [...found] };
  } catch (error) {
    if (error instanceof TarFault) return { outcome: 'unreadable', version, reason: error.message };
    return {
      outcome: 'unreadable',
      version: null,
      reason: `reading it failed (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`,
    };
  }
}

/** A first block that is a tar header wins over a signature, as in the reference's library: a member may be named `BZh`. */
function compressionIn(fd: number): Compression | undefined {
  const start = Buffer.alloc(blockBytes);
  const count = readSync(fd, start, 0, blockBytes, 0);
  if (count === blockBytes && (hasValidChecksum(start) || isZeroBlock(start))) return undefined;
  return compressionOf(start.subarray(0, count));
}

async function walkCompressed(fd: number, compression: Compression, walk: { wanted: readonly string[]; limits: ScanLimits }) {
  const { wanted, limits } = walk;
  const ratioBytes = Math.max(limits.ratioFreeBytes, fstatSync(fd).size * limits.maxExpansionRatio);
  const feed = new TarFeed(walkTar(wanted, limits), Math.min(limits.maxExpandedBytes, ratioBytes));
  try {
    await expandInto[compression](chunksOf(fd), feed);
  } catch (error) {
    if (error instanceof TarFault) throw error;
    throw new TarFault(`its ${compression} data is damaged or cut off`);
  }
  return feed.end();
}
