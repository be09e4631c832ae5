import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DatasetJobs, DatasetTargets } from '../../src/datasets/dataset-sources.js';
import { ImportableScans } from '../../src/datasets/importables/importable-scans.js';
import { InputFolderUnreadableError } from '../../src/datasets/importables/importables.errors.js';
import { ImportablesService } from '../../src/datasets/importables/importables.service.js';
import { scanLimits } from '../../src/datasets/importables/scan-limits.js';
import { ScanThread } from '../../src/datasets/importables/scan-thread.js';
import { scanTar } from '../../src/datasets/importables/tar-scan.js';
import { TarScanner } from '../../src/datasets/importables/tar-scanner.js';
import { bzip2Bomb, datasetTar, endOfArchive, headerOf, memberBytes, roadTar, tarOf } from './tar-fixtures.js';

const nobody = { findActiveByDatasets: async () => [] } as unknown as DatasetJobs;
const nothing = { findByNames: async () => [] } as unknown as DatasetTargets;

interface Folder {
  readonly path: string;
  readonly service: ImportablesService;
  write(name: string, content: Buffer): Promise<string>;
  /** The rows of the list as text, sorted but for what stands in the archive. */
  rows(): Promise<string[]>;
}

/** An input folder with an archive, read by the threads of the last build. */
async function withFolder(work: (folder: Folder) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'signalbox-input-'));
  await mkdir(join(path, 'archive'));
  const scanner = new TarScanner();
  const service = new ImportablesService({ inputDir: path, mongodbUrl: null }, new ImportableScans(scanner), nobody, nothing);
  const row = ({ name, hasData, isArchived }: { name: string; hasData: boolean; isArchived: boolean }) =>
    `${isArchived ? 'archive/' : ''}${name}${hasData ? '+data' : ''}`;
  const rows = async () => (await service.list()).map(row).sort();
  const write = async (name: string, content: Buffer) => {
    await writeFile(join(path, name), content);
    return join(path, name);
  };
  try {
    await work({ path, service, write, rows });
  } finally {
    await scanner.onApplicationShutdown();
    await rm(path, { recursive: true });
  }
}

const warnings = () => jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
jest.setTimeout(60_000); // deadlines of seconds, on machines that are busy with other tests
afterEach(() => void jest.restoreAllMocks());

describe('the list of importables', () => {
  it('has every readable tar with metadata, plain or compressed, the archive last', async () => {
    warnings();
    await withFolder(async ({ service, write, rows }) => {
      await write('PLAIN.tar', datasetTar('PLAIN'));
      await write('GZIPPED.tar', gzipSync(datasetTar('GZIPPED')));
      await write('ROAD.tar', roadTar.bzip2);
      await write('archive/ROAD.tar', roadTar.xz);
      await write('METADATA_ONLY.tar', tarOf([{ name: 'METADATA_ONLY.json' }, { name: 'chunks/1.csv.encr' }]));
      await write('NO_METADATA.tar', datasetTar('OTHER'));
      await write('DOTTED.tar', tarOf([{ name: './DOTTED.json' }]));
      for (const name of ['lower.tar', '1ST.tar', 'WITH-DASH.tar', 'UPPER.TAR', 'NO_SUFFIX'])
        await write(name, datasetTar(name.split('.')[0]!));
      expect(await rows()).toEqual(['GZIPPED+data', 'METADATA_ONLY', 'PLAIN+data', 'ROAD+data', 'archive/ROAD+data']);
      expect((await service.list()).at(-1)).toMatchObject({ name: 'ROAD', isArchived: true, hasMetadata: true });
    });
  });

  it('leaves out what is no tar, cut, a folder, a pipe or a link out of the folder, and warns once for each version', async () => {
    const warned = warnings();
    await withFolder(async ({ path, write, rows }) => {
      await write('GOOD.tar', datasetTar('GOOD'));
      await write('CUT.tar', datasetTar('CUT').subarray(0, 2_300));
      await write('CUT_GZIP.tar', gzipSync(datasetTar('CUT_GZIP')).subarray(0, 100));
      await write('TEXT.tar', Buffer.from('not a tar'));
      await write('EMPTY.tar', Buffer.alloc(0));
      await mkdir(join(path, 'FOLDER.tar'));
      execFileSync('/usr/bin/env', ['mkfifo', join(path, 'PIPE.tar')]);
      await symlink('/etc/passwd', join(path, 'OUTSIDE.tar'));
      await symlink('nowhere', join(path, 'DANGLING.tar'));
      await symlink('GOOD.tar', join(path, 'INSIDE.tar'));
      for (let round = 0; round < 3; round++) expect(await rows()).toEqual(['GOOD+data']);
      expect(warned).toHaveBeenCalledTimes(8);
      await write('TEXT.tar', Buffer.from('still not a tar'));
      await rows();
      expect(warned).toHaveBeenCalledTimes(9);
    });
  });

  it('sees a file that is replaced, moved or removed at the next call', async () => {
    warnings();
    await withFolder(async ({ path, write, rows }) => {
      await write('ROAD.tar', datasetTar('ROAD').subarray(0, 2_300));
      expect(await rows()).toEqual([]);
      await write('ROAD.tar', datasetTar('ROAD'));
      expect(await rows()).toEqual(['ROAD+data']);
      await rename(join(path, 'ROAD.tar'), join(path, 'archive/ROAD.tar'));
      expect(await rows()).toEqual(['archive/ROAD+data']);
      await rm(join(path, 'archive/ROAD.tar'));
      expect(await rows()).toEqual([]);
    });
  });

  it('bears files that come and go while it reads', async () => {
    warnings();
    await withFolder(async ({ path, write, rows }) => {
      await write('STAYS.tar', datasetTar('STAYS'));
      let stop = false;
      const churn = (async () => {
        for (let round = 0; !stop; round++) {
          const file = await write(`GOES_${round % 5}.tar`, datasetTar('GOES'));
          await rm(file);
        }
      })();
      for (let round = 0; round < 30; round++) expect(await rows()).toContain('STAYS+data');
      stop = true;
      await churn;
      expect(path).toBeDefined();
    });
  });

  it('is an error while the folder is missing, and empty once the service made it', async () => {
    await withFolder(async ({ path, service, rows }) => {
      await rm(path, { recursive: true });
      await expect(service.list()).rejects.toBeInstanceOf(InputFolderUnreadableError);
      await service.onModuleInit();
      expect(await rows()).toEqual([]);
    });
  });
});

describe('a hostile file', () => {
  it('costs its time once and keeps nobody waiting', async () => {
    warnings();
    await withFolder(async ({ write, rows }) => {
      const zeros = gzipSync(Buffer.alloc(16 * 1024 ** 2));
      await write('GOOD.tar', datasetTar('GOOD'));
      await write('ROAD.tar', bzip2Bomb);
      await write(
        'GZIP_BOMB.tar',
        Buffer.concat([gzipSync(headerOf({ path: 'GZIP_BOMB.json', size: 2 ** 33 - 1 })), ...Array.from({ length: 64 }, () => zeros)]),
      );
      await write('TINY_MEMBERS.tar', Buffer.concat(Array.from({ length: 200_000 }, () => tinyMember)));
      const start = performance.now();
      expect(await rows()).toEqual(['GOOD+data']);
      expect(performance.now() - start).toBeLessThan(8_000);
      for (let call = 0; call < 5; call++) await rows(); // each waits a while for what is not known yet
      const again = performance.now();
      expect(await rows()).toEqual(['GOOD+data']);
      expect(performance.now() - again).toBeLessThan(2_000);
    });
  });

  it('of 100 GB is listed without being read', async () => {
    await withFolder(async ({ path, rows }) => {
      const file = await open(join(path, 'HUGE.tar'), 'w');
      const size = 8 * 1024 ** 3 - 512;
      let position = 0;
      for (let chunk = 0; chunk < 12; chunk++, position += 512 + size) {
        await file.write(headerOf({ path: `chunks/${chunk}.csv.encr`, size }), 0, 512, position);
      }
      const end = Buffer.concat([memberBytes({ name: 'HUGE.json' }), endOfArchive]);
      await file.write(end, 0, end.length, position);
      await file.close();
      const start = performance.now();
      expect(await rows()).toEqual(['HUGE']);
      expect(performance.now() - start).toBeLessThan(4_000);
    });
  });
});

const tinyMember = headerOf({ path: 'a', size: 0 });

describe('scanning one file', () => {
  const scan = (path: string) => scanTar({ path, wanted: ['ROAD.json'], expand: true }, scanLimits);

  it('opens no link, waits for no pipe, and says when the file is gone', async () => {
    await withFolder(async ({ path, write }) => {
      await write('ROAD.tar', datasetTar('ROAD'));
      await symlink('ROAD.tar', join(path, 'LINK.tar'));
      execFileSync('/usr/bin/env', ['mkfifo', join(path, 'PIPE.tar')]);
      expect(await scan(join(path, 'LINK.tar'))).toMatchObject({ outcome: 'unreadable', version: null });
      expect(await scan(join(path, 'PIPE.tar'))).toMatchObject({ outcome: 'unreadable', reason: 'it is not a regular file' });
      expect(await scan(join(path, 'GONE.tar'))).toEqual({ outcome: 'vanished' });
      expect(await scan(join(path, 'ROAD.tar'))).toMatchObject({ outcome: 'listed', found: ['ROAD.json'] });
    });
  });

  it('takes a tar whose first member is named like a compressed file for a tar', async () => {
    await withFolder(async ({ write }) => {
      const file = await write('ROAD.tar', tarOf([{ name: 'BZh9' }, { name: 'ROAD.json' }]));
      expect(await scan(file)).toMatchObject({ outcome: 'listed', found: ['ROAD.json'] });
    });
  });
});

describe('a scanning thread', () => {
  const threadOf = (code: string) => {
    const source = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', (request) => { ${code} });`;
    return new ScanThread({ entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`), deadlineMs: 3_000, idleMs: 1_000 });
  };
  const answer = `parentPort.postMessage({ outcome: 'listed', version: request.path, found: [] });`;
  const request = (path: string) => ({ path, wanted: [], expand: false });

  it('is ended at the deadline, even in an endless loop, and the next file gets a fresh one', async () => {
    const thread = threadOf(`if (request.path === 'bad') for (;;); ${answer}`);
    const scans = await Promise.all([thread.scan(request('a')), thread.scan(request('bad')), thread.scan(request('b'))]);
    expect(scans).toMatchObject([
      { outcome: 'listed' },
      { outcome: 'unreadable', reason: 'it could not be read within 3 s' },
      { outcome: 'listed' },
    ]);
    await thread.close();
  });

  it.each([
    ['throws', 'throw new Error("no")'],
    ['exits', 'process.exit(3)'],
    ['fills its heap', 'const kept = []; for (;;) kept.push(new Array(10_000).fill(0))'],
  ])('that %s makes the file unreadable and nothing else', async (_what, code) => {
    const thread = threadOf(`if (request.path === 'bad') { ${code} } ${answer}`);
    const scans = await Promise.all([thread.scan(request('bad')), thread.scan(request('b'))]);
    expect(scans).toMatchObject([{ outcome: 'unreadable', version: null }, { outcome: 'listed' }]);
    await thread.close();
  });

  it('gives up what waits for it when it is closed', async () => {
    const thread = threadOf('');
    const waiting = [thread.scan(request('a')), thread.scan(request('b'))];
    await thread.close();
    expect(await Promise.all([...waiting, thread.scan(request('c'))])).toEqual([1, 2, 3].map(() => ({ outcome: 'vanished' })));
  });
});
