import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { packageMembers, truncateFile, writeTar } from '../support/datasets.js';
import { useService } from '../support/use-service.js';

interface Importable {
  readonly datasetName: string;
  readonly hasMetadata: boolean;
  readonly hasData: boolean;
  readonly isArchived: boolean;
}

describe('importable datasets (contract 8)', () => {
  const file = useService();
  const input = () => file.service.inputDir;
  const archive = () => join(file.service.inputDir, 'archive');
  const list = async () => (await file.http.get('/importable-datasets')).json<Importable[]>();
  const names = async () => (await list()).map((dataset) => dataset.datasetName).sort();
  const entry = (datasetName: string, more: Partial<Importable> = {}) => ({
    datasetName,
    hasMetadata: true,
    hasData: true,
    isArchived: false,
    ...more,
  });
  const write = (name: string, tar: { members?: Record<string, string>; folder?: string; gzip?: boolean } = {}) =>
    writeTar(tar.folder ?? input(), {
      file: `${name}.tar`,
      members: tar.members ?? packageMembers(name, { data: true }),
      gzip: tar.gzip ?? false,
    });

  beforeEach(async () => {
    await rm(input(), { recursive: true, force: true });
    await mkdir(input(), { recursive: true });
  });

  it('is an empty array for an empty folder', async () => {
    const reply = await file.http.get('/importable-datasets');
    expect([reply.status, reply.text]).toEqual([200, '[]']);
  });

  it('shows a package with data and one with metadata only', async () => {
    await write('ROAD_TRAFFIC');
    await write('RAIL', { members: packageMembers('RAIL', { data: false }) });
    expect(await list()).toHaveLength(2);
    expect(await list()).toEqual(expect.arrayContaining([entry('ROAD_TRAFFIC'), entry('RAIL', { hasData: false })]));
  });

  it('accepts tars that are compressed with gzip', async () => {
    await write('ZIPPED', { gzip: true });
    expect(await list()).toEqual([entry('ZIPPED')]);
  });

  it('leaves out a package without its metadata at the root', async () => {
    await write('NONE', { members: { 'chunks/': '', 'chunks/1.csv.encr': 'x' } });
    await write('OTHER', { members: { 'ANOTHER.json': '{}' } });
    await write('NESTED', { members: { 'NESTED/NESTED.json': '{}' } });
    await write('LOWER', { members: { 'lower.json': '{}' } });
    expect(await list()).toEqual([]);
  });

  it('does not match members that start with ./', async () => {
    await write('DOTTED', { members: { './DOTTED.json': '{}', './chunks/': '' } });
    expect(await list()).toEqual([]);
  });

  it('reports no data where files lie in chunks without a directory entry', async () => {
    await write('IMPLIED', { members: { 'IMPLIED.json': '{}', 'chunks/1.csv.encr': 'x' } });
    expect(await list()).toEqual([entry('IMPLIED', { hasData: false })]);
  });

  it('skips unreadable, truncated and empty files, plain and compressed, and lists the rest', async () => {
    await write('GOOD');
    await writeFile(join(input(), 'NOISE.tar'), Buffer.from('not a tar at all '.repeat(100)));
    await writeFile(join(input(), 'EMPTY.tar'), '');
    await truncateFile(await write('CUT'), 700);
    await truncateFile(await write('CUT_ZIPPED', { gzip: true }), 60);
    expect(await list()).toEqual([entry('GOOD')]);
  });

  it('skips a directory that is named as a tar', async () => {
    await write('GOOD');
    await mkdir(join(input(), 'FOLDER.tar'));
    expect(await list()).toEqual([entry('GOOD')]);
  });

  it('skips names outside A-Z, 0-9, _ and other endings', async () => {
    for (const name of ['road', 'ROAD-1', '1ROAD', '_ROAD', 'RO AD', 'VÄG', 'ROAD.1'])
      await write(name, { members: { [`${name}.json`]: '{}' } });
    await writeTar(input(), { file: 'UPPER.TAR', members: { 'UPPER.json': '{}' } });
    await writeTar(input(), { file: 'NAME.tar.gz', members: { 'NAME.json': '{}' }, gzip: true });
    await write('R2_D2');
    expect(await list()).toEqual([entry('R2_D2')]);
  });

  it('shows archived packages after those of the input folder, and one name in both places twice', async () => {
    await write('BOTH', { folder: archive() });
    await write('OLD', { members: packageMembers('OLD', { data: false }), folder: archive() });
    await write('BOTH');
    const found = await list();
    expect(found[0]).toEqual(entry('BOTH'));
    expect(found.slice(1).sort((a, b) => a.datasetName.localeCompare(b.datasetName))).toEqual([
      entry('BOTH', { isArchived: true }),
      entry('OLD', { hasData: false, isArchived: true }),
    ]);
  });

  it('is not stalled by a tar that unpacks to much more than its size', async () => {
    await write('GOOD');
    await writeFile(join(input(), 'BOMB.tar'), gzipSync(Buffer.alloc(200_000_000)));
    const startedAt = Date.now();
    expect(await names()).toEqual(['GOOD']);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  }, 30_000);

  describe('DELETE /importable-datasets/{name}', () => {
    it('removes the file from the input folder', async () => {
      const path = await write('ROAD_TRAFFIC');
      const reply = await file.http.delete('/importable-datasets/ROAD_TRAFFIC');
      expect([reply.status, reply.json()]).toEqual([200, { message: 'OK, ROAD_TRAFFIC deleted' }]);
      expect(existsSync(path)).toBe(false);
      expect((await file.http.delete('/importable-datasets/ROAD_TRAFFIC')).status).toBe(404);
    });

    it('deletes a file that is no valid tar', async () => {
      await writeFile(join(input(), 'BROKEN.tar'), 'x');
      expect((await file.http.delete('/importable-datasets/BROKEN')).status).toBe(200);
    });

    it('never touches the archived copy', async () => {
      const archived = await write('TWICE', { folder: archive() });
      await write('TWICE');
      expect((await file.http.delete('/importable-datasets/TWICE')).status).toBe(200);
      const again = await file.http.delete('/importable-datasets/TWICE');
      expect([again.status, again.json()]).toEqual([404, { message: 'File TWICE not found' }]);
      expect(existsSync(archived)).toBe(true);
    });

    it.each(['NOT_THERE', 'DIRECTORY'])('answers 404 to %s', async (name) => {
      await mkdir(join(input(), 'DIRECTORY.tar'));
      const reply = await file.http.delete(`/importable-datasets/${name}`);
      expect([reply.status, reply.json()]).toEqual([404, { message: `File ${name} not found` }]);
    });

    it.each(['road+x', 'road', '..', '1A', 'A-B', 'A.tar', 'Ä', 'A B'])('answers 400 to the bad name %j', async (name) => {
      const reply = await file.http.delete(`/importable-datasets/${name === '..' ? '%2E%2E' : encodeURIComponent(name)}`);
      const message = `"${name}" contains invalid characters. Please use only uppercase A-Z, numbers 0-9 or "_"`;
      expect([reply.status, reply.json()]).toEqual([400, { message }]);
    });

    it('answers 404 as to an unknown route to a name with an encoded slash', async () => {
      await write('SLASH');
      const reply = await file.http.delete('/importable-datasets/archive%2FSLASH');
      expect(reply.status).toBe(404);
      expect(reply.json<{ message: string }>().message).toMatch(/^The requested URL was not found/);
    });

    it('J-13: answers 409 while an active job has the name as its target, and removes nothing', async () => {
      const path = await write('IN_USE');
      const id = await file.compat.create('IN_USE');
      const reply = await file.http.delete('/importable-datasets/IN_USE');
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([409, 'string']);
      expect(existsSync(path)).toBe(true);
      await file.compat.walk(id, 'failed');
      expect((await file.http.delete('/importable-datasets/IN_USE')).status).toBe(200);
    });
  });

  it('J-13: answers lists while packages are being moved to the archive', async () => {
    const total = 8;
    for (let index = 0; index < total; index += 1) await write(`MOVING_${index}`);
    await mkdir(archive(), { recursive: true });
    const moving = (async () => {
      for (let index = 0; index < total; index += 1)
        await rename(join(input(), `MOVING_${index}.tar`), join(archive(), `MOVING_${index}.tar`));
    })();
    for (let round = 0; round < 5; round += 1) expect((await file.http.get('/importable-datasets')).status).toBe(200);
    await moving;
    expect((await list()).every((dataset) => dataset.isArchived)).toBe(true);
  });

  it('answers 500 in the envelope while the input folder is missing, without naming it', async () => {
    await rm(input(), { recursive: true, force: true });
    const reply = await file.http.get('/importable-datasets');
    expect([reply.status, Object.keys(reply.json<object>())]).toEqual([500, ['message']]);
    expect(reply.text).not.toContain(input());
  });
});
