import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bzip2Bomb, datasetTar, headerOf, roadTar } from '../../../test/datasets/tar-fixtures.js';
import { compressionOf, expandInto } from './decompressors.js';
import { scanLimits } from './scan-limits.js';
import { TarFeed } from './tar-feed.js';
import { walkTar } from './tar-walk.js';

function* piecesOf(bytes: Buffer, size = 100): Generator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function found(compressed: Buffer, maxBytes = 64 * 1024 ** 2): Promise<string[]> {
  const feed = new TarFeed(walkTar(['ROAD.json', 'chunks'], scanLimits), maxBytes);
  await expandInto[compressionOf(compressed)!](piecesOf(compressed), feed);
  return [...feed.end()].sort();
}

const gzip = gzipSync(datasetTar('ROAD'));
const forms = { gzip, ...roadTar };

describe('compressed tars', () => {
  it('are known by their first bytes', () => {
    expect([gzip, roadTar.bzip2, roadTar.xz, datasetTar('ROAD'), Buffer.alloc(0)].map(compressionOf)).toEqual([
      'gzip',
      'bzip2',
      'xz',
      undefined,
      undefined,
    ]);
  });

  it.each(Object.entries(forms))('are expanded from %s', async (_form, compressed) => {
    expect(await found(compressed)).toEqual(['ROAD.json', 'chunks']);
  });

  it.each(Object.entries(forms))('that are cut off are refused in %s', async (_form, compressed) => {
    for (const share of [0.3, 0.5, 0.7]) await expect(found(compressed.subarray(0, compressed.length * share))).rejects.toThrow();
  });

  it.each(Object.entries(forms))('that are damaged never hang or find what is not there, in %s', async (_form, compressed) => {
    const damage = fc.array(fc.tuple(fc.integer({ min: 4, max: compressed.length - 1 }), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const damaged = Buffer.from(compressed);
        for (const [at, byte] of changes) damaged[at] = byte;
        const result = await found(damaged).catch(() => []);
        expect(['ROAD.json', 'chunks']).toEqual(expect.arrayContaining(result));
      }),
      { numRuns: 60 },
    );
  });
});

describe('bombs', () => {
  it('of gzip are stopped at the limit', async () => {
    const zeros = gzipSync(Buffer.alloc(16 * 1024 ** 2));
    const bomb = Buffer.concat([gzipSync(headerOf({ path: 'ROAD.json', size: 1024 ** 3 })), ...Array.from({ length: 64 }, () => zeros)]);
    await expect(found(bomb)).rejects.toThrow('too much for its size');
  });

  it('of bzip2 are stopped at the limit, in constant memory', async () => {
    const before = process.memoryUsage().rss;
    await expect(found(bzip2Bomb)).rejects.toThrow('too much for its size');
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 ** 2);
  });
});
