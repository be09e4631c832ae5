import { describe, expect, it } from '@jest/globals';
import { bump, freshTarget, manifesto, type CreationResult } from '../support/compat-client.js';
import { useService } from '../support/use-service.js';

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const plainOperations = ['ADD', 'CHANGE', 'PATCH_METADATA', 'DELETE_DRAFT', 'ROLLBACK_REMOVE', 'DELETE_ARCHIVE'];
const bumpIncomplete = 'Must provide a bumpManifesto, bumpFromVersion and bumpToVersion when operation is BUMP.';
const surplus = { description: 'lost', releaseStatus: 'DRAFT', bumpFromVersion: '1.0.0', bumpToVersion: '1.1.0' };

describe('POST /jobs (contract 4.2)', () => {
  const file = useService({ env: { COMPAT_AUTH: 'reference', JWT_AUTH: 'false', BUMP_ENABLED: 'true' } });
  const post = (jobs: unknown) => file.http.post('/jobs', { jobs });
  const parametersOf = async (jobId: string) => (await file.compat.job(jobId)).parameters;

  it('answers 200 with an empty array to an empty list', async () => {
    expect(await file.compat.createAll([])).toEqual([]);
  });

  it('answers each created item with status, message and a uuid4 in snake case', async () => {
    const results = await file.compat.createAll([{ operation: 'ADD', target: freshTarget() }]);
    expect(results).toEqual([{ status: 'queued', msg: 'CREATED', job_id: expect.stringMatching(uuid4) }]);
  });

  it('stores the queued job with an empty log, UTC times of six digits, and the test user as creator when the token check is off', async () => {
    const target = freshTarget();
    const startedAt = Date.now();
    const reply = await file.http.get(`/jobs/${await file.compat.create(target)}`);
    const job = reply.json<{ jobId: string; createdAt: string }>();
    expect(job).toMatchObject({
      jobId: expect.stringMatching(uuid4),
      status: 'queued',
      parameters: { operation: 'ADD', target },
      log: [],
      createdBy: { userId: '1234-1234-1234-1234', firstName: 'Test', lastName: 'User' },
    });
    expect(job.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(Math.abs(new Date(`${job.createdAt}Z`).getTime() - startedAt)).toBeLessThan(10_000);
  });

  it.each(plainOperations)('%s stores operation and target, and silently drops everything else', async (operation) => {
    const target = freshTarget();
    expect(await parametersOf(await file.compat.create(target, operation, surplus))).toEqual({ operation, target });
  });

  it.each(['DRAFT', 'PENDING_RELEASE', 'PENDING_DELETE'])(
    'SET_STATUS stores the release status %s and drops the rest',
    async (releaseStatus) => {
      const target = freshTarget();
      const id = await file.compat.create(target, 'SET_STATUS', { ...surplus, releaseStatus });
      expect(await parametersOf(id)).toEqual({ operation: 'SET_STATUS', target, releaseStatus });
    },
  );

  it.each(['', 'Superseded'])('REMOVE stores the description %j and drops the rest', async (description) => {
    const target = freshTarget();
    const id = await file.compat.create(target, 'REMOVE', { ...surplus, description });
    expect(await parametersOf(id)).toEqual({ operation: 'REMOVE', target, description });
  });

  it.each([
    ['REMOVE without description', { operation: 'REMOVE' }, 'Must provide a description when operation is REMOVE.'],
    ['SET_STATUS without releaseStatus', { operation: 'SET_STATUS' }, 'Must provide a releaseStatus when operation is SET_STATUS.'],
    ['BUMP without description', bump({}, { description: undefined }), bumpIncomplete],
    ['BUMP without bumpManifesto', bump({}, { bumpManifesto: undefined }), bumpIncomplete],
    ['BUMP without bumpFromVersion', bump({}, { bumpFromVersion: undefined }), bumpIncomplete],
    ['BUMP without bumpToVersion', bump({}, { bumpToVersion: undefined }), bumpIncomplete],
  ])('J-16: answers 400, not 500, to %s, and creates nothing', async (_what, item, message) => {
    const [first, second] = [freshTarget(), freshTarget()];
    const reply = await post([
      { operation: 'ADD', target: first },
      { target: second, ...item },
    ]);
    expect(reply.status).toBe(400);
    expect(reply.json<{ message: string }>().message).toContain(message);
    expect(await file.compat.list(`/targets/${first}/jobs`)).toEqual([]);
  });

  it.each([
    ['a missing target', { operation: 'ADD' }],
    ['a null target', { operation: 'ADD', target: null }],
    ['a missing operation', { target: 'X' }],
    ['an unknown operation', { operation: 'DESTROY', target: 'X' }],
    ['an operation in lower case', { operation: 'add', target: 'X' }],
    ['an unknown release status', { operation: 'SET_STATUS', target: 'X', releaseStatus: 'RELEASED' }],
    ['an unknown key', { operation: 'ADD', target: 'X', priority: 'high' }],
    ['a numeric target', { operation: 'ADD', target: 7 }],
    ['a numeric description', { operation: 'REMOVE', target: 'X', description: 7 }],
    ['no object', 'ADD'],
    ['null', null],
    ['an empty target', { operation: 'ADD', target: '' }],
    ['a target with outer spaces', { operation: 'ADD', target: ' X' }],
    ['a target with a control character', { operation: 'ADD', target: 'X\u0000Y' }],
    ['a target with a bidirectional character', { operation: 'ADD', target: 'X\u202eY' }],
    ['a target outside NFC', { operation: 'ADD', target: 'A\u030a' }],
    ['a target of 256 characters', { operation: 'ADD', target: 'X'.repeat(256) }],
  ])('refuses the whole request for one item with %s', async (_what, item) => {
    const target = freshTarget();
    const reply = await post([{ operation: 'ADD', target }, item]);
    expect(reply.status).toBe(400);
    expect(reply.json<{ message: string }>().message).toMatch(/^1 validation error for NewJobsRequest\n/);
    expect(await file.compat.list(`/targets/${target}/jobs`)).toEqual([]);
  });

  it('refuses text with a lone surrogate', async () => {
    const reply = await post([{ operation: 'ADD', target: 'X\ud800' }]);
    expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([400, 'string']);
  });

  it.each([undefined, null, {}, 'ADD', 7])('refuses %j in place of the list', async (jobs) => {
    expect((await post(jobs)).status).toBe(400);
  });

  it('accepts a target of 255 characters, and compares targets exactly', async () => {
    const results = await file.compat.createAll([
      { operation: 'ADD', target: 'Å'.repeat(255) },
      { operation: 'ADD', target: 'exact_case' },
      { operation: 'ADD', target: 'EXACT_CASE' },
      { operation: 'ADD', target: '$where' },
      { operation: 'ADD', target: 'a.b $c' },
    ]);
    expect(results.map((result) => result.msg)).toEqual(Array(5).fill('CREATED'));
    expect((await file.compat.job(results[3]!.job_id!)).parameters.target).toBe('$where');
  });

  describe('a target with a job in progress', () => {
    const busyItem: CreationResult = { status: 'FAILED', msg: 'FAILED', reason: expect.any(String) as unknown as string };

    it('queues the first of two items of one request and fails the second', async () => {
      const [road, rail] = [freshTarget('ROAD'), freshTarget('RAIL')];
      const results = await file.compat.createAll([
        { operation: 'ADD', target: road },
        { operation: 'ADD', target: road },
        { operation: 'SET_STATUS', target: rail, releaseStatus: 'PENDING_RELEASE' },
      ]);
      expect(results).toEqual([
        { status: 'queued', msg: 'CREATED', job_id: expect.any(String) },
        busyItem,
        { status: 'queued', msg: 'CREATED', job_id: expect.any(String) },
      ]);
    });

    it('J-11: tells in the reason which job holds the target', async () => {
      const target = freshTarget();
      const id = await file.compat.create(target);
      const [result] = await file.compat.createAll([{ operation: 'ADD', target }]);
      expect(result).toEqual(busyItem);
      expect(result?.reason).toContain(id);
    });

    it.each(plainOperations)('refuses %s too, whatever the operation of the first', async (operation) => {
      const target = freshTarget();
      await file.compat.create(target, 'CHANGE');
      expect(await file.compat.createAll([{ operation, target }])).toEqual([busyItem]);
    });

    it('queues exactly one of 20 parallel requests', async () => {
      const target = freshTarget();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => file.compat.createAll([{ operation: index % 2 ? 'ADD' : 'CHANGE', target }])),
      );
      expect(answers.flat().filter((result) => result.msg === 'CREATED')).toHaveLength(1);
      expect(await file.compat.list(`/targets/${target}/jobs`)).toHaveLength(1);
    });

    it.each(['completed', 'failed'])('is free again once its job is %s', async (status) => {
      const target = freshTarget();
      const first = await file.compat.create(target);
      await file.compat.walk(first, 'initiated');
      expect(await file.compat.createAll([{ operation: 'ADD', target }])).toEqual([busyItem]);
      await file.compat.walk(first, status);
      await expect(file.compat.create(target, 'CHANGE')).resolves.not.toBe(first);
    });

    it('leaves the row of the target alone when an item fails', async () => {
      const target = freshTarget();
      await file.compat.create(target, 'ADD');
      const before = await file.compat.targetRow(target);
      await file.compat.createAll([{ operation: 'CHANGE', target }]);
      expect(await file.compat.targetRow(target)).toEqual(before);
    });

    it('answers 200 even if every item fails', async () => {
      const target = freshTarget();
      await file.compat.create(target);
      expect(await file.compat.createAll(Array(3).fill({ operation: 'ADD', target }))).toEqual([busyItem, busyItem, busyItem]);
    });
  });

  it('J-10: gives exactly one result per item, in the order of the items', async () => {
    const targets = Array.from({ length: 60 }, () => freshTarget());
    const items = targets.flatMap((target) => [
      { operation: 'ADD', target },
      { operation: 'CHANGE', target },
    ]);
    const results = await file.compat.createAll(items);
    expect(results.map((result) => result.msg)).toEqual(targets.flatMap(() => ['CREATED', 'FAILED']));
    const first = await file.compat.job(results[0]!.job_id!);
    const last = await file.compat.job(results.at(-2)!.job_id!);
    expect([first.parameters.target, last.parameters.target]).toEqual([targets[0], targets.at(-1)]);
  });

  describe('BUMP', () => {
    const finish = (id: string) => file.compat.walk(id, 'initiated', 'failed');

    it('stores description, versions and the whole manifesto', async () => {
      const item = bump({ ROAD_TRAFFIC: 'PENDING_RELEASE', RAIL_FREIGHT: 'DRAFT' });
      const id = await file.compat.createItem(item);
      expect(await parametersOf(id)).toEqual(item);
      await finish(id);
    });

    it('J-9: round-trips `updateType: null` and never poisons a list', async () => {
      const id = await file.compat.createItem(bump({}, { bumpManifesto: manifesto({}, { updateType: null }) }));
      expect((await file.http.get(`/jobs/${id}`)).text).toMatch(/"updateType":\s?null/);
      expect((await file.compat.list()).map((job) => job.jobId)).toContain(id);
      await finish(id);
      const list = await file.compat.list();
      expect(list.find((job) => job.jobId === id)?.parameters.bumpManifesto).toHaveProperty('updateType', null);
    });

    it.each([17, '17', ' 17 '])('accepts %j as release time and answers the integer', async (releaseTime) => {
      const id = await file.compat.createItem(bump({}, { bumpManifesto: manifesto({}, { releaseTime }) }));
      expect((await parametersOf(id)).bumpManifesto).toHaveProperty('releaseTime', 17);
      await finish(id);
    });

    it('ignores unknown keys inside the manifesto', async () => {
      const id = await file.compat.createItem(bump({}, { bumpManifesto: manifesto({}, { colour: 'red' }) }));
      expect((await parametersOf(id)).bumpManifesto).not.toHaveProperty('colour');
      await finish(id);
    });

    it('accepts snake_case spellings throughout', async () => {
      const update = { name: 'A', description: 'd', operation: 'free text', release_status: 'also free' };
      const id = await file.compat.createItem({
        operation: 'BUMP',
        target: 'DATASTORE',
        description: 'd',
        bump_from_version: '1',
        bump_to_version: '2',
        bump_manifesto: {
          version: '2',
          description: 'd',
          release_time: 5,
          language_code: 'no',
          update_type: 'MAJOR',
          data_structure_updates: [update],
        },
      });
      const updates = [{ name: 'A', description: 'd', operation: 'free text', releaseStatus: 'also free' }];
      const expected = {
        version: '2',
        description: 'd',
        releaseTime: 5,
        languageCode: 'no',
        updateType: 'MAJOR',
        dataStructureUpdates: updates,
      };
      expect(await parametersOf(id)).toMatchObject({ bumpFromVersion: '1', bumpToVersion: '2', bumpManifesto: expected });
      await finish(id);
    });

    it.each([
      ['without updateType', manifesto({}, { updateType: undefined })],
      ['without version', manifesto({}, { version: undefined })],
      ['without dataStructureUpdates', manifesto({}, { dataStructureUpdates: undefined })],
      ['with text for releaseTime', manifesto({}, { releaseTime: 'soon' })],
      ['with a fraction for releaseTime', manifesto({}, { releaseTime: 1.5 })],
      ['with a numeric version', manifesto({}, { version: 2 })],
      [
        'with an unknown key in an update',
        manifesto({}, { dataStructureUpdates: [{ name: 'A', description: 'd', operation: 'ADD', releaseStatus: 'DRAFT', more: 1 }] }),
      ],
      [
        'with an update that lacks a name',
        manifesto({}, { dataStructureUpdates: [{ description: 'd', operation: 'ADD', releaseStatus: 'DRAFT' }] }),
      ],
      [
        'with a null in an update',
        manifesto({}, { dataStructureUpdates: [{ name: null, description: 'd', operation: 'ADD', releaseStatus: 'DRAFT' }] }),
      ],
      ['that is text', 'manifesto'],
    ])('refuses a manifesto %s', async (_what, bumpManifesto) => {
      expect((await post([bump({}, { bumpManifesto })])).status).toBe(400);
    });

    it('fails the item, not the request, for another target than DATASTORE', async () => {
      const target = freshTarget();
      const results = await file.compat.createAll([bump({}, { target }), { operation: 'ADD', target }]);
      expect(results).toEqual([
        { status: 'FAILED', msg: 'FAILED', reason: expect.any(String) },
        { status: 'queued', msg: 'CREATED', job_id: expect.any(String) },
      ]);
    });

    it('is one at a time', async () => {
      const id = await file.compat.createItem(bump());
      expect(await file.compat.createAll([bump()])).toEqual([{ status: 'FAILED', msg: 'FAILED', reason: expect.any(String) }]);
      await finish(id);
    });
  });
});
