import { describe, expect, it } from '@jest/globals';
import { bump, freshTarget, type TargetRow } from '../support/compat-client.js';
import { useService } from '../support/use-service.js';

const testUser = { userId: '1234-1234-1234-1234', firstName: 'Test', lastName: 'User' };

describe('targets (contract 7)', () => {
  const file = useService({ env: { COMPAT_AUTH: 'reference', JWT_AUTH: 'false', BUMP_ENABLED: 'true' } });
  const rowOf = async (name: string): Promise<TargetRow> => {
    const row = await file.compat.targetRow(name);
    if (!row) throw new Error(`no row for ${name}`);
    return row;
  };

  it('is an empty array before the first job', async () => {
    expect((await file.http.get('/targets')).text).toBe('[]');
  });

  it('has exactly five keys, UTC times of six digits, and the creator of the job', async () => {
    const name = freshTarget();
    await file.compat.create(name);
    const row = await rowOf(name);
    expect(row).toEqual({ name, lastUpdatedAt: expect.any(String), status: 'queued', lastUpdatedBy: testUser, action: ['ADD'] });
    expect(row.lastUpdatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(Math.abs(new Date(`${row.lastUpdatedAt}Z`).getTime() - Date.now())).toBeLessThan(10_000);
  });

  it.each([
    ['ADD', {}, ['ADD']],
    ['CHANGE', {}, ['CHANGE']],
    ['PATCH_METADATA', {}, ['PATCH_METADATA']],
    ['REMOVE', { description: 'd' }, ['REMOVE']],
    ['ROLLBACK_REMOVE', {}, ['ROLLBACK_REMOVE']],
    ['DELETE_DRAFT', {}, ['DELETE_DRAFT']],
    ['DELETE_ARCHIVE', {}, ['DELETE_ARCHIVE']],
    ['SET_STATUS', { releaseStatus: 'PENDING_DELETE' }, ['SET_STATUS', 'PENDING_DELETE']],
  ])('shows the action of %s', async (operation, more, action) => {
    const name = freshTarget();
    const id = await file.compat.create(name, operation, more);
    expect((await rowOf(name)).action).toEqual(action);
    await file.compat.walk(id, 'initiated', 'completed');
    expect(await rowOf(name)).toMatchObject({ status: 'completed', action });
  });

  it('follows every PUT, also one with a description only', async () => {
    const name = freshTarget();
    const id = await file.compat.create(name);
    let before = await rowOf(name);
    for (const change of [
      { status: 'initiated' },
      { status: 'decrypting', log: 'x' },
      { description: 'text' },
      { status: 'built' },
      { status: 'failed' },
    ]) {
      await file.compat.update(id, change);
      const row = await rowOf(name);
      if ('status' in change) expect(row.status).toBe(change.status);
      expect(row.lastUpdatedAt > before.lastUpdatedAt).toBe(true);
      before = row;
    }
  });

  it('lists targets in the order in which they first appeared', async () => {
    const names = [freshTarget('Z'), freshTarget('A'), freshTarget('M')];
    for (const name of names) await file.compat.create(name);
    const rows = (await file.compat.targets()).map((row) => row.name);
    expect(rows.filter((name) => names.includes(name))).toEqual(names);
  });

  it('takes over the state of the next job', async () => {
    const name = freshTarget();
    await file.compat.walk(await file.compat.create(name, 'ADD'), 'initiated', 'completed');
    const next = await file.compat.create(name, 'CHANGE');
    expect(await rowOf(name)).toMatchObject({ status: 'queued', action: ['CHANGE'] });
    await file.compat.walk(next, 'failed');
    expect(await rowOf(name)).toMatchObject({ status: 'failed', action: ['CHANGE'] });
  });

  it('J-12: has one row for a target, also after parallel first writes', async () => {
    const name = freshTarget();
    await Promise.all(Array.from({ length: 8 }, () => file.compat.createAll([{ operation: 'ADD', target: name }])));
    expect((await file.compat.targets()).filter((row) => row.name === name)).toHaveLength(1);
  });

  it('J-7: agrees with the job after parallel PUTs', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = freshTarget();
      const id = await file.compat.create(name);
      const statuses = ['initiated', 'decrypting', 'validating', 'transforming', 'partitioning', 'built'];
      await Promise.all(statuses.map((status) => file.compat.update(id, { status })));
      expect((await rowOf(name)).status).toBe((await file.compat.job(id)).status);
    }
  });

  it('J-7: is not overwritten by a finishing job once its successor exists', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = freshTarget();
      const first = await file.compat.create(name, 'ADD');
      await file.compat.walk(first, 'initiated');
      const finishing = file.compat.update(first, { status: 'completed' });
      let successor: string | undefined;
      while (!successor)
        [successor] = (await file.compat.createAll([{ operation: 'CHANGE', target: name }])).map((result) => result.job_id);
      await finishing;
      expect(await rowOf(name)).toMatchObject({ status: 'queued', action: ['CHANGE'] });
    }
  });

  describe('a BUMP', () => {
    it('releases and removes the targets of its manifesto when it completes, and leaves drafts alone', async () => {
      const [released, removed, other, draft] = [freshTarget('REL'), freshTarget('DEL'), freshTarget('OTHER'), freshTarget('DRAFT')];
      await file.compat.walk(await file.compat.create(draft), 'failed');
      const draftBefore = await rowOf(draft);
      const unseenDraft = freshTarget('UNSEEN');
      const updates = {
        [released]: 'PENDING_RELEASE',
        [removed]: 'PENDING_DELETE',
        [other]: 'anything',
        [draft]: 'DRAFT',
        [unseenDraft]: 'DRAFT',
      };
      const id = await file.compat.createItem(bump(updates));
      expect(await rowOf('DATASTORE')).toMatchObject({ status: 'queued', action: ['BUMP', '2.0.0', '2.1.0'] });
      await file.compat.walk(id, 'initiated');
      expect(await file.compat.targetRow(released)).toBeUndefined();
      await file.compat.walk(id, 'completed');
      expect(await rowOf('DATASTORE')).toMatchObject({ status: 'completed', action: ['BUMP', '2.0.0', '2.1.0'] });
      expect(await rowOf(released)).toMatchObject({ status: 'completed', action: ['RELEASED', '2.1.0'], lastUpdatedBy: testUser });
      expect(await rowOf(removed)).toMatchObject({ status: 'completed', action: ['REMOVED', '2.1.0'] });
      expect(await rowOf(other)).toMatchObject({ status: 'completed', action: ['REMOVED', '2.1.0'] });
      expect(await rowOf(draft)).toEqual(draftBefore);
      expect(await file.compat.targetRow(unseenDraft)).toBeUndefined();
    });

    it('changes only the row of DATASTORE when it fails', async () => {
      const name = freshTarget();
      await file.compat.walk(await file.compat.createItem(bump({ [name]: 'PENDING_RELEASE' })), 'initiated', 'failed');
      expect(await rowOf('DATASTORE')).toMatchObject({ status: 'failed' });
      expect(await file.compat.targetRow(name)).toBeUndefined();
    });

    it('shows the later of the release and an own job', async () => {
      const name = freshTarget();
      await file.compat.walk(await file.compat.create(name), 'initiated', 'completed');
      await file.compat.walk(await file.compat.createItem(bump({ [name]: 'PENDING_RELEASE' })), 'initiated', 'completed');
      expect((await rowOf(name)).action).toEqual(['RELEASED', '2.1.0']);
      await file.compat.create(name, 'CHANGE');
      expect(await rowOf(name)).toMatchObject({ status: 'queued', action: ['CHANGE'] });
    });

    it('shows a release over an own job that was in progress but older', async () => {
      const name = freshTarget();
      const own = await file.compat.create(name);
      await file.compat.walk(await file.compat.createItem(bump({ [name]: 'PENDING_RELEASE' })), 'initiated', 'completed');
      expect((await rowOf(name)).action).toEqual(['RELEASED', '2.1.0']);
      await file.compat.walk(own, 'initiated');
      expect(await rowOf(name)).toMatchObject({ status: 'initiated', action: ['ADD'] });
    });
  });

  describe('GET /targets/{name}/jobs', () => {
    it('is an empty array for an unknown name', async () => {
      expect((await file.http.get('/targets/NEVER_SEEN/jobs')).text).toBe('[]');
    });

    it('lists the jobs of the target, in progress first, then finished', async () => {
      const name = freshTarget();
      const first = await file.compat.create(name, 'ADD');
      await file.compat.walk(first, 'completed');
      const second = await file.compat.create(name, 'CHANGE');
      await file.compat.walk(second, 'failed');
      const third = await file.compat.create(name, 'REMOVE', { description: 'd' });
      expect((await file.compat.list(`/targets/${name}/jobs`)).map((job) => job.jobId)).toEqual([third, first, second]);
    });

    it.each(['PENDING_RELEASE', 'PENDING_DELETE', 'DRAFT'])(
      'lists a BUMP whose manifesto names the target as %s, before and after its end',
      async (releaseStatus) => {
        const name = freshTarget();
        const id = await file.compat.createItem(bump({ [name]: releaseStatus }));
        expect((await file.compat.list(`/targets/${name}/jobs`)).map((job) => job.jobId)).toEqual([id]);
        await file.compat.walk(id, 'initiated', 'completed');
        expect((await file.compat.list(`/targets/${name}/jobs`)).map((job) => job.jobId)).toEqual([id]);
        expect((await file.compat.list('/targets/DATASTORE/jobs')).map((job) => job.jobId)).toContain(id);
      },
    );

    it('finds a target whose name needs encoding', async () => {
      const name = `${freshTarget()} é/ü?`;
      const id = await file.compat.create(name);
      expect((await file.compat.list(`/targets/${encodeURIComponent(name)}/jobs`)).map((job) => job.jobId)).toEqual([id]);
    });
  });
});
