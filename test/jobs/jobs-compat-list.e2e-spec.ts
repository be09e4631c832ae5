import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { workerQueries } from '../support/executor.js';
import { exchange } from '../support/http-client.js';
import { parseJobList, parseMaintenance, type ParsedJob } from '../support/strict-job-parser.js';
import { useService } from '../support/use-service.js';

const names = (jobs: readonly ParsedJob[]) => jobs.map((job) => job.parameters.target);

/** The bytes that the worker's HTTP library sends. */
const workerRequest = (path: string, host: string) =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: close\r\n\r\n`;

function bodyOf(answer: string): string {
  const [head, ...rest] = answer.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (!/transfer-encoding: chunked/i.test(head!)) return body;
  return body
    .split('\r\n')
    .filter((_line, index) => index % 2 === 1)
    .join('');
}

describe('GET /jobs (contract 4.1)', () => {
  const file = useService();
  const seeded = {
    queuedAdd: 'SEED_QUEUED_ADD',
    queuedChange: 'SEED_QUEUED_CHANGE',
    queuedPatch: 'SEED_QUEUED_PATCH',
    queuedRemove: 'SEED_QUEUED_REMOVE',
    builtAdd: 'SEED_BUILT_ADD',
    completedAdd: 'SEED_COMPLETED_ADD',
    failedChange: 'SEED_FAILED_CHANGE',
  } as const;

  beforeAll(async () => {
    const { compat } = file;
    const failed = await compat.create(seeded.failedChange, 'CHANGE');
    const completed = await compat.create(seeded.completedAdd, 'ADD');
    await compat.create(seeded.queuedAdd, 'ADD');
    const built = await compat.create(seeded.builtAdd, 'ADD');
    await compat.create(seeded.queuedChange, 'CHANGE');
    await compat.create(seeded.queuedPatch, 'PATCH_METADATA');
    await compat.create(seeded.queuedRemove, 'REMOVE', { description: 'gone' });
    await compat.walk(built, 'initiated', 'built');
    await compat.walk(completed, 'initiated', 'completed');
    await compat.walk(failed, 'failed');
  });

  const seededOf = async (path: string) => names(await file.compat.list(path)).filter((name) => name.startsWith('SEED_'));

  it('lists jobs in progress in order of creation, then finished ones in order of completion', async () => {
    expect(await seededOf('/jobs')).toEqual([
      seeded.queuedAdd,
      seeded.builtAdd,
      seeded.queuedChange,
      seeded.queuedPatch,
      seeded.queuedRemove,
      seeded.completedAdd,
      seeded.failedChange,
    ]);
  });

  it('answers as JSON', async () => {
    expect((await file.http.get('/jobs')).headers['content-type']).toMatch(/^application\/json/);
  });

  it.each([
    ['/jobs?status=queued', ['queuedAdd', 'queuedChange', 'queuedPatch', 'queuedRemove']],
    ['/jobs?status=built', ['builtAdd']],
    ['/jobs?status=completed', ['completedAdd']],
    ['/jobs?status=failed', ['failedChange']],
    ['/jobs?status=importing', []],
    ['/jobs?operation=ADD', ['queuedAdd', 'builtAdd', 'completedAdd']],
    ['/jobs?operation=ADD,CHANGE', ['queuedAdd', 'builtAdd', 'queuedChange', 'completedAdd', 'failedChange']],
    ['/jobs?operation=CHANGE,ADD&status=queued', ['queuedAdd', 'queuedChange']],
    ['/jobs?operation=', ['queuedAdd', 'builtAdd', 'queuedChange', 'queuedPatch', 'queuedRemove', 'completedAdd', 'failedChange']],
    ['/jobs?operation=BUMP', []],
    ['/jobs?operation=REMOVE&operation=ADD', ['queuedRemove']],
    ['/jobs?ignoreCompleted=true', ['queuedAdd', 'builtAdd', 'queuedChange', 'queuedPatch', 'queuedRemove']],
    ['/jobs?ignoreCompleted=false&status=failed', ['failedChange']],
    ['/jobs?ignoreCompleted=&status=failed', ['failedChange']],
    ['/jobs?status=completed&ignoreCompleted=true', []],
    ['/jobs?status=failed&operation=CHANGE&ignoreCompleted=no', ['failedChange']],
    ['/jobs?status=queued&operation=REMOVE&page=2&sort=x', ['queuedRemove']],
    ['/jobs?status=queued&operation=GENERATE_RSA_KEYS', []],
    ['/jobs?status=queued&operation=REMOVE,GENERATE_RSA_KEYS', ['queuedRemove']],
  ] as const)('%s lists %j', async (path, expected) => {
    expect(await seededOf(path)).toEqual(expected.map((key) => seeded[key]));
  });

  it.each(['true', '1', 'yes', 'on', 't', 'y', 'TRUE', 'Yes', 'ON'])('takes ignoreCompleted=%s for true', async (word) => {
    expect(await seededOf(`/jobs?operation=CHANGE&ignoreCompleted=${word}`)).toEqual([seeded.queuedChange]);
  });

  it.each(['false', '0', 'no', 'off', 'f', 'n', 'False', 'OFF'])('takes ignoreCompleted=%s for false', async (word) => {
    expect(await seededOf(`/jobs?operation=CHANGE&ignoreCompleted=${word}`)).toEqual([seeded.queuedChange, seeded.failedChange]);
  });

  it.each([
    'status=',
    'status=running',
    'status=QUEUED',
    'status=queued,built',
    'operation=DESTROY_ALL%20',
    'operation=ADD,',
    'operation=,ADD',
    'operation=ADD,,CHANGE',
    'operation=ADD,%20CHANGE',
    'operation=add',
    'ignoreCompleted=maybe',
    'ignoreCompleted=2',
  ])('answers 400 to ?%s', async (query) => {
    const reply = await file.http.get(`/jobs?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.json<{ message: string }>().message).toContain('validation error for GetJobRequest');
  });

  describe('the requests of the worker, byte for byte (contract 12.1)', () => {
    it.each(Object.entries(workerQueries))('%s: GET %s is 200 and readable', async (name, path) => {
      const answer = await exchange(file.service.url, workerRequest(path, new URL(file.service.url).host));
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      if (name.toLowerCase().includes('maintenance')) expect(parseMaintenance(bodyOf(answer)).paused).toBe(false);
      else expect(Array.isArray(parseJobList(bodyOf(answer)))).toBe(true);
    });

    it('leaves the commas of the query literal', () => {
      expect(workerQueries.managed).toContain('operation=SET_STATUS,BUMP,');
    });

    it('PUT with status, with status and log, and with description is exactly 200', async () => {
      const id = await file.compat.create(freshTarget());
      const host = new URL(file.service.url).host;
      for (const body of ['{"status": "initiated"}', '{"status": "validating", "log": "checked"}', '{"description": "About roads"}']) {
        const head = `PUT /jobs/${id} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n`;
        const rest = `Connection: close\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\n\r\n${body}`;
        expect(await exchange(file.service.url, head + rest)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      }
      expect(await file.compat.logOf(id)).toEqual([
        'Set status: initiated',
        'Set status: validating',
        'checked',
        'Added update description',
      ]);
    });
  });

  it('answers each poll with the job as it is then, and as GET of the one job has it', async () => {
    const id = await file.compat.create(freshTarget(), 'CHANGE');
    const polled = async () => (await file.compat.list('/jobs?status=queued&operation=CHANGE')).find((job) => job.jobId === id);
    for (const change of [{ log: 'one line' }, { log: 'ett ord: blåbær 🫐' }, { description: 'another text' }]) {
      expect(await polled()).toEqual(await file.compat.job(id));
      await file.compat.update(id, change);
      expect(await polled()).toEqual(await file.compat.job(id));
    }
    expect((await polled())?.log.map(({ message }) => message)).toContain('ett ord: blåbær 🫐');
    await file.compat.walk(id, 'initiated');
    expect(await polled()).toBeUndefined();
  });

  describe('a list while jobs move', () => {
    it('J-2: never misses a job that is being finished, nor answers 404 for it', async () => {
      for (let round = 0; round < 10; round += 1) {
        const id = await file.compat.create(freshTarget());
        let finished = false;
        const finishing = file.compat.walk(id, 'initiated', 'completed').finally(() => (finished = true));
        while (!finished) {
          const [one, list] = await Promise.all([file.http.get(`/jobs/${id}`), file.compat.list()]);
          expect(one.status).toBe(200);
          expect(list.map((job) => job.jobId)).toContain(id);
        }
        await finishing;
      }
    });

    it('J-15: shows each job once while jobs are being finished', async () => {
      const ids = await Promise.all(Array.from({ length: 30 }, () => file.compat.create(freshTarget())));
      let finished = false;
      const finishing = Promise.all(ids.map((id) => file.compat.walk(id, 'initiated', 'completed'))).finally(() => (finished = true));
      while (!finished) {
        const listed = (await file.compat.list()).map((job) => job.jobId);
        expect(listed).toHaveLength(new Set(listed).size);
        expect(listed).toEqual(expect.arrayContaining(ids));
      }
      await finishing;
    });

    it('J-15: answers a list in parts, without a length known before', async () => {
      const reply = await file.http.get('/jobs');
      expect(reply.headers['transfer-encoding']).toBe('chunked');
      expect(reply.headers['content-length']).toBeUndefined();
    });
  });
});
