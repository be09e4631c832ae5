import { beforeAll, describe, expect, it } from '@jest/globals';
import { ConflictError, createClient, NotFoundError, type SignalboxClient, UnauthenticatedError } from '../../src/client/index.js';
import { packageMembers, writeTar } from '../support/datasets.js';
import { adminToken } from '../support/service.js';
import { useService } from '../support/use-service.js';

const file = useService({});
let client: SignalboxClient;
beforeAll(async () => {
  client = createClient({ url: file.service.url, token: () => adminToken(file.service.dataDir) });
  await writeTar(file.service.inputDir, { file: 'ROAD_TRAFFIC.tar', members: packageMembers('ROAD_TRAFFIC', { data: false }) });
});

const create = (datasetName: string) => client.api.POST('/api/v1/jobs', { body: { datasetName, operation: 'ADD' } });

describe('the typed client against the service', () => {
  it('creates, reads, edits and cancels a job', async () => {
    const { data: created, response } = await create('CLIENT_JOB');
    expect(response.status).toBe(201);
    const path = { jobId: created!.jobId };
    const edited = await client.api.PATCH('/api/v1/jobs/{jobId}', {
      params: { path, header: { 'If-Match': '"1"' } },
      body: { priority: 'high' },
    });
    expect(edited.data).toMatchObject({ priority: 'high', version: 2 });
    const { data: cancelled } = await client.api.POST('/api/v1/jobs/{jobId}/cancel', {
      params: { path },
      body: { reason: 'test' },
    });
    expect(cancelled?.status).toBe('cancelled');
    const { data: read } = await client.api.GET('/api/v1/jobs/{jobId}', { params: { path } });
    expect(read?.history.map(({ type }) => type)).toContain('job.edited.v1');
  });

  it('throws what the service refuses', async () => {
    await create('CLIENT_BUSY');
    const refused = create('CLIENT_BUSY');
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'JOBS.TARGET_BUSY', problem: { holder: { status: 'queued' } } });
    await expect(client.request({ path: '/api/v1/jobs/nope' })).rejects.toThrow(NotFoundError);
    const nobody = createClient({ url: file.service.url });
    await expect(nobody.request({ path: '/api/v1/jobs' })).rejects.toThrow(UnauthenticatedError);
  });

  it('gives the first answer again to a repeated creation', async () => {
    const call = {
      method: 'POST',
      path: '/api/v1/jobs',
      body: { datasetName: 'CLIENT_TWICE', operation: 'ADD' },
      headers: { 'idempotency-key': 'client-twice' },
    } as const;
    const [first, second] = [await client.send(call), await client.send(call)];
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  it('goes through every page of jobs, datasets, targets and importables', async () => {
    for (const name of ['PAGE_A', 'PAGE_B', 'PAGE_C']) await create(name);
    const names = async <T>(items: AsyncIterable<T>, nameOf: (item: T) => string): Promise<string[]> => {
      const found: string[] = [];
      for await (const item of items) found.push(nameOf(item));
      return found;
    };
    const expected = ['PAGE_A', 'PAGE_B', 'PAGE_C'];
    expect(await names(client.items('/api/v1/jobs', { limit: 2, sort: 'createdAt' }), ({ datasetName }) => datasetName)).toEqual(
      expect.arrayContaining(expected),
    );
    expect(await names(client.items('/api/v1/datasets', { limit: 2 }), ({ name }) => name)).toEqual(expect.arrayContaining(expected));
    expect(await names(client.items('/api/v1/targets', { limit: 2 }), ({ name }) => name)).toEqual(expect.arrayContaining(expected));
    expect(await names(client.items('/api/v1/importables'), ({ name }) => name)).toEqual(['ROAD_TRAFFIC']);
    expect(await names(client.items('/api/v1/datasets/{name}/jobs', {}, { name: 'PAGE_A' }), ({ datasetName }) => datasetName)).toEqual([
      'PAGE_A',
    ]);
  });

  it('sets the maintenance switch by its number', async () => {
    const { data: before, response } = await client.api.GET('/api/v1/maintenance');
    const etag = response.headers.get('etag')!;
    expect(etag).toBe(`"${before!.number}"`);
    const put = (ifMatch: string, on: boolean) =>
      client.api.PUT('/api/v1/maintenance', { params: { header: { 'If-Match': ifMatch } }, body: { on, reason: `test ${on}` } as never });
    expect((await put(etag, true)).data).toMatchObject({ on: true, mode: 'quiet' });
    await expect(put(etag, false)).rejects.toMatchObject({ code: 'PRECONDITION.FAILED' });
    expect((await put('*', false)).data?.mode).toBe('off');
  });
});
