import type { ScanLimits } from './scan-limits.js';
import {
  blockBytes,
  contentBytes,
  padded,
  parseExtension,
  parseHeader,
  TarFault,
  withOverrides,
  type MemberOverrides,
  type TarMember,
} from './tar-header.js';

/** What the walk asks of whoever holds the bytes. Never for 0 bytes. */
export type Demand = { readonly take: number } | { readonly skip: number };

/**
 * The answer to a demand: for `take` the bytes, fewer only where the data ends; for `skip` anything when so many bytes were there, undefined when the
 * data ended before. The walk does not keep the buffer.
 */
export type Supply = Buffer | undefined;

/** A walk over one archive: yields demands, returns which of the wanted names are members. */
export type TarWalk = Generator<Demand, ReadonlySet<string>, Supply>;

const extensionTypes = new Set(['L', 'K', 'x', 'X', 'g']);
const readExtensionTypes = new Set(['L', 'x', 'X']);

/**
 * Reads an archive header by header, without its contents, and tells which of the wanted names are members of it. Members are compared by exact name, a
 * directory's last slash aside.
 *
 * It accepts and refuses what Python's tarfile does, which the reference uses: the archive ends at a block of zeros, at the end of the data, or silently
 * at a block that is no header; content that is cut off, an extension header without its member, and a first block that is no header are faults. Beyond
 * that a number out of range, too many members and too large or too many extension headers are faults.
 * @throws TarFault from `next`
 * @see contracts/jobs.md 8
 */
export function* walkTar(wanted: readonly string[], limits: ScanLimits): TarWalk {
  const found = new Set<string>();
  for (let entries = 0; ; entries++) {
    if (entries > limits.maxEntries) throw new TarFault(`it has more than ${limits.maxEntries} members`);
    const member = yield* nextMember(entries === 0, limits);
    if (!member) return found;
    if (wanted.includes(member.name)) found.add(member.name);
    if (member.sparseTableFollows) yield* skipSparseTable(limits);
    yield* skip(contentBytes(member));
  }
}

/** The next member with its extension headers applied, or undefined at the archive's end. */
function* nextMember(isFirst: boolean, limits: ScanLimits): Generator<Demand, TarMember | undefined, Supply> {
  let overrides: MemberOverrides = {};
  for (let headers = 0; headers <= limits.maxHeadersPerEntry; headers++) {
    const block = parseHeader((yield { take: blockBytes }) ?? Buffer.alloc(0));
    if (block.kind !== 'member') {
      if (headers > 0) throw new TarFault('an extension header has no member behind it');
      if (isFirst && block.kind !== 'end') throw new TarFault('it is not a tar file');
      return undefined;
    }
    const { member } = block;
    if (!extensionTypes.has(member.type)) return withOverrides(member, overrides);
    // Where two say the same, the reference's library lets the first one win.
    overrides = { ...(yield* readExtension(member, limits)), ...overrides };
  }
  throw new TarFault(`a member has more than ${limits.maxHeadersPerEntry} extension headers`);
}

function* readExtension(header: TarMember, limits: ScanLimits): Generator<Demand, MemberOverrides, Supply> {
  if (header.sizeBytes > limits.maxHeaderBytes) throw new TarFault('an extension header is too large');
  if (!readExtensionTypes.has(header.type) || header.sizeBytes === 0) {
    yield* skip(padded(header.sizeBytes));
    return {};
  }
  const content = yield { take: padded(header.sizeBytes) };
  if (!content || content.length < header.sizeBytes) throw new TarFault('it is cut off in an extension header');
  return parseExtension(header.type, content.subarray(0, header.sizeBytes));
}

function* skip(bytes: number): Generator<Demand, void, Supply> {
  if (bytes > 0 && (yield { skip: bytes }) === undefined) throw new TarFault('it is cut off');
}

/** The table of an old GNU sparse member: blocks between its header and its content, each of which tells whether another follows. */
function* skipSparseTable(limits: ScanLimits): Generator<Demand, void, Supply> {
  for (let bytes = 0; bytes < limits.maxHeaderBytes; bytes += blockBytes) {
    const block = yield { take: blockBytes };
    if (!block || block.length < blockBytes) throw new TarFault('it is cut off in a table of fragments');
    if (block[504] === 0) return;
  }
  throw new TarFault('a table of fragments is too large');
}
