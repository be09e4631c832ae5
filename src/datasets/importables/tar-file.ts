import { fstatSync, readSync } from 'node:fs';
import type { TarWalk } from './tar-walk.js';

const windowBytes = 16 * 1024;
const chunkBytes = 256 * 1024;

/** Reads positions of a file through a small window, so that headers close to each other cost one read. Synchronous: for worker threads. */
class FileWindow {
  private readonly window = Buffer.alloc(windowBytes);
  private start = 0;
  private length = 0;

  constructor(private readonly fd: number) {}

  /** The bytes from `position` on, fewer only at the file's end; valid until the next call. */
  read(position: number, count: number): Buffer {
    if (count > windowBytes) return this.fill(Buffer.alloc(count), position);
    if (position < this.start || position + count > this.start + this.length) {
      this.start = position;
      this.length = this.fill(this.window, position).length;
    }
    return this.window.subarray(position - this.start, Math.min(position - this.start + count, this.length));
  }

  private fill(buffer: Buffer, position: number): Buffer {
    let filled = 0;
    for (let count = -1; filled < buffer.length && count !== 0; filled += count) {
      count = readSync(this.fd, buffer, filled, buffer.length - filled, position + filled);
    }
    return buffer.subarray(0, filled);
  }
}

/**
 * Drives a walk over an uncompressed file. Contents are skipped by position and never read, so the time depends on the number of members only.
 * @throws TarFault as the walk does
 */
export function walkFile(fd: number, walk: TarWalk): ReadonlySet<string> {
  const window = new FileWindow(fd);
  const { size } = fstatSync(fd);
  let position = 0;
  let step = walk.next();
  while (!step.done) {
    if ('take' in step.value) {
      const bytes = window.read(position, step.value.take);
      position += bytes.length;
      step = walk.next(bytes);
    } else {
      position += step.value.skip;
      step = walk.next(position <= size ? Buffer.alloc(0) : undefined);
    }
  }
  return step.value;
}

/** The file's bytes from its start in pieces; each is valid until the next. */
export function* chunksOf(fd: number): Generator<Buffer, void, void> {
  for (let position = 0; ;) {
    const chunk = Buffer.alloc(chunkBytes);
    const count = readSync(fd, chunk, 0, chunkBytes, position);
    if (count === 0) return;
    position += count;
    yield chunk.subarray(0, count);
  }
}
