import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, freshDataset, type Json, type Replicas, startReplicas } from '../workers/protocol-app.js';

describe('a dry run of a bulk creation', () => {
  let replicas: Replicas;
  const bulk = (body: object, role: Json): Promise<Answer> => replicas.one.call('POST', '/jobs/bulk', body, role);
  beforeAll(async () => {
    replicas = await startReplicas(1);
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);

  it('promises just what the creation keeps', async () => {
    const [busy, one, two, three] = [freshDataset(), freshDataset(), freshDataset(), freshDataset()];
    const { jobId: holder } = await replicas.createJob({ datasetName: busy });
    const items = [
      { datasetName: busy, operation: 'ADD' },
      { datasetName: one, operation: 'ADD', priority: 'high', dueAt: '2020-01-01T00:00:00Z' },
      { datasetName: one, operation: 'CHANGE' },
      { datasetName: two, operation: 'NO_SUCH' },
      { datasetName: two, operation: 'ADD', tags: ['x'] },
      { datasetName: three, operation: 'SET_STATUS', parameters: { releaseStatus: 'NEVER' } },
    ];
    const { body } = await bulk({ action: 'create', items, dryRun: true }, 'pipeline');
    expect(body).toMatchObject({
      matched: 2,
      ids: [],
      sample: [
        {
          jobId: '00000000-0000-0000-0000-000000000000',
          version: 0,
          datasetName: one,
          status: 'queued',
          priority: 'high',
          overdue: true,
        },
        { datasetName: two, operation: 'ADD', tags: ['x'], overdue: false, attempts: [] },
      ],
    });
    expect(body.excluded).toEqual([
      { index: 0, jobId: holder, code: 'JOBS.TARGET_BUSY' },
      { index: 2, jobId: null, code: 'JOBS.TARGET_BUSY' },
      { index: 3, jobId: null, code: 'REQUEST.INVALID' },
      { index: 5, jobId: null, code: 'JOBS.PARAMETERS_INVALID' },
    ]);
    expect(await replicas.connection.collection('inprogress').countDocuments()).toBe(1);
    const created = (await bulk({ action: 'create', items }, 'pipeline')).body;
    expect(created).toMatchObject({ succeeded: 2, failed: 4 });
    const refused = created.results.filter(({ problem }: Json) => problem !== null);
    expect(refused.map(({ index, problem }: Json) => [index, problem.code])).toEqual(
      body.excluded.map(({ index, code }: Json) => [index, code]),
    );
    const made = created.results.filter(({ problem }: Json) => problem === null);
    const shown = await Promise.all(made.map(({ jobId }: Json) => replicas.one.call('GET', `/jobs/${jobId}`)));
    for (const [index, reply] of shown.entries()) {
      const { jobId: _id, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...planned } = body.sample[index];
      expect((reply as Answer).body).toMatchObject(planned);
    }
  });
});
