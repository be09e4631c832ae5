import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import bunzip from 'seek-bzip';
import xz from 'xz-decompress';
import { TarFault } from './tar-header.js';
import type { TarFeed } from './tar-feed.js';

/** Compressed forms in which the reference's tar library opens a file, whatever its name. */
export const compressions = ['gzip', 'bzip2', 'xz'] as const;
export type Compression = (typeof compressions)[number];

const signatures: Readonly<Record<Compression, Buffer>> = {
  gzip: Buffer.from([0x1f, 0x8b, 0x08]),
  bzip2: Buffer.from('BZh', 'latin1'),
  xz: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
};

/** The compression that a file's first bytes announce. */
export function compressionOf(start: Buffer): Compression | undefined {
  return compressions.find((compression) => start.subarray(0, signatures[compression].length).equals(signatures[compression]));
}

type Pieces = Generator<Buffer, void, void>;

/**
 * Expands the pieces into the feed until the feed or the data ends. Memory stays flat whatever comes out.
 * @throws Error of the decompressor when the data is damaged or cut off before the feed had enough; TarFault as the feed does
 */
export const expandInto: Readonly<Record<Compression, (pieces: Pieces, feed: TarFeed) => Promise<void>>> = {
  gzip: expandGzip,
  bzip2: expandBzip2,
  xz: expandXz,
};

async function expandGzip(pieces: Pieces, feed: TarFeed): Promise<void> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const source = Readable.from(pieces, { objectMode: false });
  source.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) if (feed.feed(chunk)) return;
  } finally {
    source.destroy();
  }
}

async function expandXz(pieces: Pieces, feed: TarFeed): Promise<void> {
  const expanded = new xz.XzReadableStream(ReadableStream.from(pieces));
  for await (const chunk of expanded as unknown as AsyncIterable<Uint8Array>) if (feed.feed(chunk)) return;
}

/** Thrown through the decompressor, which has no other way to be stopped. */
const enough = new Error('the feed needs no more');

/**
 * seek-bzip takes its input and gives its output byte by byte, so that neither a large block nor a large file is ever held. The better known
 * unbzip2-stream collects each block in an array: a file of a few kilobytes makes it ask for gigabytes, and V8 then ends the process, not the thread.
 */
async function expandBzip2(pieces: Pieces, feed: TarFeed): Promise<void> {
  const output = new FeedBytes(feed);
  try {
    bunzip.decode(new PieceBytes(pieces), output, true);
    output.flush();
  } catch (error) {
    if (error !== enough) throw error;
  }
}

class PieceBytes {
  private piece: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(private readonly pieces: Pieces) {}

  eof(): boolean {
    while (this.at >= this.piece.length) {
      const next = this.pieces.next();
      if (next.done) return true;
      this.piece = next.value;
      this.at = 0;
    }
    return false;
  }

  readByte(): number {
    if (this.at >= this.piece.length && this.eof()) throw new TarFault('its compressed data is cut off');
    return this.piece[this.at++]!;
  }

  read(buffer: Uint8Array, offset: number, length: number): number {
    for (let count = 0; count < length; count++) buffer[offset + count] = this.readByte();
    return length;
  }
}

class FeedBytes {
  private readonly buffer = new Uint8Array(64 * 1024);
  private used = 0;

  constructor(private readonly feed: TarFeed) {}

  writeByte(byte: number): void {
    this.buffer[this.used++] = byte;
    if (this.used === this.buffer.length) this.flush();
  }

  flush(): void {
    const done = this.feed.feed(this.buffer.subarray(0, this.used));
    this.used = 0;
    if (done) throw enough;
  }
}
