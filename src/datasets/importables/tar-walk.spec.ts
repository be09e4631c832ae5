import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  datasetTar,
  endOfArchive,
  type FixtureMember,
  gnuLongNameMember,
  headerOf,
  memberBytes,
  paxHeader,
  tarOf,
  withField,
} from '../../../test/datasets/tar-fixtures.js';
import { scanLimits } from './scan-limits.js';
import { TarFeed } from './tar-feed.js';
import { TarFault } from './tar-header.js';
import { walkTar } from './tar-walk.js';

const wanted = ['ROAD.json', 'chunks'];

/** What a walk finds in bytes that arrive in pieces of one size. */
function found(archive: Buffer, { names = wanted, piece = 1_000, limits = scanLimits } = {}): string[] {
  const feed = new TarFeed(walkTar(names, limits), Number.MAX_SAFE_INTEGER);
  for (let at = 0; at < archive.length; at += piece) if (feed.feed(archive.subarray(at, at + piece))) break;
  return [...feed.end()].sort();
}

const base256 = (...bytes: number[]): Buffer => Buffer.concat([Buffer.from(bytes), Buffer.alloc(12)]).subarray(0, 12);
const metadata = memberBytes({ name: 'ROAD.json', content: Buffer.from('{}') });
const behind = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, metadata, endOfArchive]);

describe('a walk over a tar', () => {
  it('finds metadata and the folder of chunks by exact name', () => {
    expect(found(datasetTar('ROAD'))).toEqual(['ROAD.json', 'chunks']);
    expect(found(tarOf([{ name: './ROAD.json' }, { name: 'chunks/1.csv.encr' }, { name: 'x/chunks', type: 'Directory' }]))).toEqual([]);
  });

  it.each([1, 7, 511, 512, 513, 100_000])('finds the same whether bytes come by %i or all at once', (piece) => {
    expect(found(datasetTar('ROAD'), { piece })).toEqual(['ROAD.json', 'chunks']);
  });

  it('reads long names of GNU tar and of pax', () => {
    const long = `${'deep/'.repeat(40)}ROAD.json`;
    const names = [long, 'ROAD.json'];
    expect(found(behind(gnuLongNameMember(long, Buffer.from('{}'))), { names })).toEqual([long, 'ROAD.json'].sort());
    expect(found(behind(memberBytes({ name: long, content: Buffer.from('{}') })), { names })).toEqual([long, 'ROAD.json'].sort());
  });

  it('takes path and size from a pax header', () => {
    const misnamed = Buffer.concat([paxHeader({ path: 'chunks/', size: '600' }), headerOf({ path: 'other', size: 0 }), Buffer.alloc(1024)]);
    expect(found(behind(misnamed))).toEqual(['ROAD.json', 'chunks']);
  });

  it('knows that links and folders have no content, whatever their size says', () => {
    expect(
      found(behind(headerOf({ path: 'link', size: 5_000, type: 'Link' }), headerOf({ path: 'chunks/', size: 5_000, type: 'Directory' }))),
    ).toEqual(['ROAD.json', 'chunks']);
  });

  it('ends at a block of zeros, at the end of the data, and at a block that is no header', () => {
    const first = memberBytes({ name: 'chunks', type: 'Directory' });
    expect(found(first)).toEqual(['chunks']);
    expect(found(Buffer.concat([first, endOfArchive, metadata]))).toEqual(['chunks']);
    expect(found(Buffer.concat([first, Buffer.alloc(512, 'x'), metadata]))).toEqual(['chunks']);
    expect(found(Buffer.concat([first, metadata.subarray(0, 100)]))).toEqual(['chunks']);
    expect(found(endOfArchive)).toEqual([]);
  });

  it('accepts the signed checksums of old programs', () => {
    const header = Buffer.from(headerOf({ path: 'chunks', size: 0 }));
    header.write('é', 265, 'latin1'); // owner's name
    header.fill(0x20, 148, 156);
    const signed = header.reduce((sum, byte) => sum + (byte > 127 ? byte - 256 : byte), 0);
    header.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(found(behind(header))).toEqual(['ROAD.json', 'chunks']);
  });
});

describe('a walk refuses', () => {
  const refused: [string, Buffer, RegExp][] = [
    ['an empty file', Buffer.alloc(0), /not a tar/],
    ['text', Buffer.from('x'.repeat(2_000)), /not a tar/],
    ['a cut header at the start', metadata.subarray(0, 300), /not a tar/],
    ['cut content', datasetTar('ROAD').subarray(0, 2_300), /cut off/],
    [
      'a size of 8 EiB',
      behind(withField(headerOf({ path: 'a', size: 0 }), 124, base256(0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255))),
      /out of range/,
    ],
    [
      'a size of 4 PiB that is not there',
      behind(withField(headerOf({ path: 'a', size: 0 }), 124, base256(0x80, 0, 0, 0, 0, 0x10))),
      /cut off/,
    ],
    ['a negative size', behind(withField(headerOf({ path: 'a', size: 0 }), 124, Buffer.alloc(12, 0xff))), /not a number from 0/],
    [
      'a negative size in octal',
      behind(withField(headerOf({ path: 'a', size: 0 }), 124, Buffer.from('-0000000012\0'))),
      /not a number from 0/,
    ],
    [
      'a size that is no number',
      behind(withField(headerOf({ path: 'a', size: 0 }), 124, Buffer.from('zzzzzzzzzzz\0'))),
      /not a number from 0/,
    ],
    ['a pax size out of range', behind(paxHeader({ size: '1e300' })), /out of range/],
    ['pax headers without end', Buffer.concat(Array.from({ length: 50 }, () => paxHeader({ path: 'a' }))), /more than 4 extension headers/],
    ['a pax header of 2 MiB', behind(paxHeader({ comment: 'x'.repeat(2 * 1024 * 1024) })), /extension header is too large/],
    [
      'a pax header that says 8 GiB',
      headerOf({ path: 'x', size: 8 * 1024 ** 3 - 1, type: 'ExtendedHeader' }),
      /extension header is too large/,
    ],
    ['a pax header without its member', Buffer.concat([paxHeader({ path: 'a' }), endOfArchive]), /no member behind it/],
    ['sparse tables without end', Buffer.concat([sparseHeader(), Buffer.alloc(3 * 1024 * 1024, 1)]), /table of fragments is too large/],
  ];

  it.each(refused)('%s', (_what, archive, reason) => {
    expect(() => found(archive)).toThrow(TarFault);
    expect(() => found(archive)).toThrow(reason);
  });

  it('more members than the limit', () => {
    const many = Buffer.concat([...Array.from({ length: 50 }, () => headerOf({ path: 'a', size: 0 })), metadata, endOfArchive]);
    expect(found(many, { limits: { ...scanLimits, maxEntries: 51 } })).toEqual(['ROAD.json']);
    expect(() => found(many, { limits: { ...scanLimits, maxEntries: 50 } })).toThrow('more than 50 members');
  });

  it('more bytes than the feed may take', () => {
    const feed = new TarFeed(walkTar(wanted, scanLimits), 10_000);
    feed.feed(headerOf({ path: 'a', size: 1024 ** 3 }));
    expect(() => Array.from({ length: 100 }, () => feed.feed(Buffer.alloc(1_000)))).toThrow('expands to more than 10000 bytes');
  });
});

function sparseHeader(): Buffer {
  return withField(withField(headerOf({ path: 'a', size: 0 }), 156, Buffer.from('S')), 482, Buffer.from([1]));
}

const anyMember: fc.Arbitrary<FixtureMember> = fc.record({
  name: fc.oneof(
    fc.constantFrom('ROAD.json', 'chunks', './chunks', 'chunks/1', 'Ærlig.json'),
    fc.stringMatching(/^[a-z]{1,20}(\/[a-z]{1,120}){0,3}$/),
  ),
  type: fc.constantFrom('File', 'Directory', 'SymbolicLink', 'Link', 'FIFO'),
  content: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
});
const anyMembers = fc.array(anyMember, { minLength: 1, maxLength: 12 });

describe('any archive', () => {
  it('that node-tar writes has exactly its members', () => {
    fc.assert(
      fc.property(anyMembers, fc.integer({ min: 1, max: 3_000 }), (members, piece) => {
        const names = [...new Set(members.map(({ name }) => name))];
        expect(found(tarOf(members), { names: [...names, 'absent'], piece })).toEqual(names.sort());
      }),
    );
  });

  it('that is damaged or cut anywhere is walked to an end or refused, never more', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
    fc.assert(
      fc.property(anyMembers, damage, fc.nat(), (members, changes, end) => {
        const archive = tarOf(members);
        for (const [at, byte] of changes) archive[at % archive.length] = byte;
        try {
          found(archive.subarray(0, end % (archive.length + 1)));
        } catch (error) {
          expect(error).toBeInstanceOf(TarFault);
        }
      }),
      { numRuns: 500 },
    );
  });
});
