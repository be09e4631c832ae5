import { Header, Pax } from 'tar';

/** Size of a header, and the unit to which contents are padded. */
export const blockBytes = 512;

/** Thrown when a file is not a tar that can be read to its end within the limits; the message is the reason, without the file's name. */
export class TarFault extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TarFault';
  }
}

/** One header block, or why it is none. */
export type HeaderBlock = { readonly kind: 'member'; readonly member: TarMember } | { readonly kind: 'end' | 'short' | 'invalid' };

/** A header that stands for itself, before the extension headers in front of it are applied. */
export interface TarMember {
  readonly name: string;
  /** The type flag, one character; `0` also for the flag NUL. */
  readonly type: string;
  /** Bytes of content as the header says. */
  readonly sizeBytes: number;
  /** GNU sparse only: a table of further fragments follows the header. */
  readonly sparseTableFollows: boolean;
}

/** What extension headers say about the member behind them. */
export interface MemberOverrides {
  readonly path?: string;
  readonly sizeBytes?: number;
}

/** True when the block's checksum is right, by unsigned or, as old programs wrote it, by signed sum. */
export function hasValidChecksum(block: Buffer): boolean {
  const field = /^\s*([0-7]+)\s*(?:\0|$)/.exec(block.toString('latin1', 148, 156));
  if (!field) return false;
  let unsigned = 0;
  let highBytes = 0;
  for (let at = 0; at < blockBytes; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : block[at]!;
    unsigned += byte;
    if (byte > 0x7f) highBytes++;
  }
  const stored = parseInt(field[1]!, 8);
  return stored === unsigned || stored === unsigned - 256 * highBytes;
}

/** True for the block that ends an archive. */
export const isZeroBlock = (block: Buffer): boolean => block.length === blockBytes && block.every((byte) => byte === 0);

/**
 * The header in a block of at most 512 bytes.
 * @throws TarFault when the checksum is right and a number in it is not
 */
export function parseHeader(block: Buffer): HeaderBlock {
  if (block.length < blockBytes) return { kind: 'short' };
  if (isZeroBlock(block)) return { kind: 'end' };
  if (!hasValidChecksum(block)) return { kind: 'invalid' };
  const header = decode(block);
  const path = header.path ?? '';
  const flag = String.fromCharCode(block[156]!);
  const isDirectory = flag === '5' || (flag === '\0' && path.endsWith('/'));
  const member = {
    name: isDirectory ? withoutTrailingSlashes(path) : path,
    type: isDirectory ? '5' : flag.replace('\0', '0'),
    sizeBytes: sizeIn(block, isDirectory || header.type !== 'Directory' ? header : decode(block, { path: 'a file' })),
    sparseTableFollows: flag === 'S' && block[482] !== 0,
  };
  return { kind: 'member', member };
}

/**
 * node-tar takes every file whose name ends in a slash for a folder without content. The reference's library does so with the flag of old programs only,
 * and a long name cut to fit its field may end anywhere: hence the override of the name.
 */
function decode(block: Buffer, overrides?: { path: string }): Header {
  try {
    return new Header(block, 0, overrides);
  } catch {
    throw new TarFault('a number in a header is out of range');
  }
}

/** node-tar leaves the size out where the field is blank, which means 0, and where it is negative or no number. */
function sizeIn(block: Buffer, header: Header): number {
  if (header.size !== undefined) return header.size;
  if (/^[\0 ]*$/.test(block.toString('latin1', 124, 136))) return 0;
  throw new TarFault('the size in a header is not a number from 0 on');
}

const withoutTrailingSlashes = (name: string): string => name.replace(/\/+$/, '');

/** The types of which the reference's tar library knows that no content follows, whatever their size field says. */
const typesWithoutContent = new Set(['1', '2', '3', '4', '5', '6']);

/** The member's bytes behind its header, padding included. */
export function contentBytes(member: TarMember): number {
  return typesWithoutContent.has(member.type) ? 0 : padded(member.sizeBytes);
}

/** Bytes rounded up to whole blocks. */
export const padded = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

/** The member with its extension headers applied. */
export function withOverrides(member: TarMember, overrides: MemberOverrides): TarMember {
  const path = overrides.path;
  if (path === undefined && overrides.sizeBytes === undefined) return member;
  return {
    ...member,
    name: path === undefined ? member.name : withoutTrailingSlashes(path),
    sizeBytes: overrides.sizeBytes ?? member.sizeBytes,
  };
}

/**
 * What an extension header's content says: a GNU long name (`L`), or the records of a pax header (`x`, `X`).
 * @throws TarFault when a pax size is no number of bytes
 */
export function parseExtension(type: string, content: Buffer): MemberOverrides {
  const text = content.toString('utf8');
  if (type === 'L') return { path: text.split('\0', 1)[0]! };
  const { path, size } = Pax.parse(text);
  if (size !== undefined && !Number.isSafeInteger(size)) throw new TarFault('the size in a pax header is out of range');
  return { ...(path !== undefined && { path }), ...(size !== undefined && { sizeBytes: size }) };
}
