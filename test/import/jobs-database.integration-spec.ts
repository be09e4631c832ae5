import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { run } from '../cli/run.js';
import { connectTo, freshDatabaseName, testMongodbUrl } from '../support/database.js';
import { importJobsDatabase, type ImportReport } from '../../src/import/index.js';
import { contentOf, fillOriginal, ids } from './original-database.js';

let source: mongoose.Connection;
let target: mongoose.Connection;
beforeEach(async () => {
  source = await connectTo(testMongodbUrl(), freshDatabaseName());
  target = await connectTo(testMongodbUrl(), freshDatabaseName());
  await fillOriginal(source);
});
afterEach(async () => {
  for (const connection of [source, target]) {
    await connection.dropDatabase();
    await connection.close();
  }
});

const importNow = (options: { dryRun?: boolean; zone?: string } = {}): Promise<ImportReport> =>
  importJobsDatabase({
    source: { url: testMongodbUrl(), database: source.name },
    target: { url: testMongodbUrl(), database: target.name },
    zone: options.zone ?? 'Europe/Oslo',
    dryRun: options.dryRun ?? false,
  });

const all = (name: string) => target.db!.collection(name).find().sort({ _id: 1 }).toArray();
const jobOf = async (id: string) =>
  (await target.db!.collection('inprogress').findOne({ _id: id as never })) ??
  (await target.db!.collection('completed').findOne({ _id: id as never }));
const row = (name: string) => target.db!.collection('targets').findOne({ name });
const instant = (text: string) => new Date(`2025-06-11T${text}Z`);

describe('importJobsDatabase', () => {
  it('takes jobs with their times in UTC, whatever form the original gave them', async () => {
    await importNow();
    expect(await jobOf(ids.queued)).toMatchObject({
      status: 'queued',
      datasetName: 'RAIL_FREIGHT',
      operation: 'ADD',
      createdAt: instant('08:15:30.120'),
      createdBy: { id: 'u-17', firstName: 'Kari', lastName: 'Lie' },
      attempt: 0,
      attempts: [],
      version: 1,
    });
    expect(await jobOf(ids.importing)).toMatchObject({
      status: 'running',
      phase: 'importing',
      lease: null,
      parameters: { description: 'Corrected' },
      startedAt: instant('08:16:00'),
      updatedAt: instant('08:20:01.004'),
      attempt: 1,
      attempts: [{ attempt: 1, workerId: null, startedAt: instant('08:16:00'), endedAt: null, outcome: null }],
      log: [{ message: 'Set status: initiated' }, { message: 'Added update description' }, { at: instant('08:20:01.004') }],
    });
    expect(await jobOf(ids.built)).toMatchObject({ status: 'running', phase: 'built', createdAt: instant('08:15:31') });
  });

  it('takes finished jobs with their end, their attempts and what the original said of a failure', async () => {
    await importNow();
    expect(await jobOf(ids.completedAdd)).toMatchObject({
      status: 'completed',
      percent: 100,
      finishedAt: instant('08:30:00.500'),
      error: null,
    });
    expect(await jobOf(ids.failed)).toMatchObject({
      status: 'failed',
      attempt: 2,
      attempts: [{ attempt: 2, startedAt: instant('08:17:00'), endedAt: instant('08:18:00'), outcome: 'failed' }],
      error: { code: 'ORIGINAL.FAILED', message: 'Dataset too large for import' },
    });
    expect(await jobOf(ids.bump)).toMatchObject({ parameters: { bumpManifesto: { updateType: null } }, createdBy: { id: 'unknown' } });
    expect(await jobOf(ids.crashed)).toMatchObject({ status: 'failed' });
    expect(await jobOf(ids.twice)).toMatchObject({ status: 'completed' });
    expect(await jobOf(ids.remove)).toMatchObject({ parameters: { description: '' } });
  });

  it('notes each job in its history as taken over', async () => {
    await importNow();
    expect((await jobOf(ids.completedAdd))?.['outbox']).toMatchObject([
      { version: 1, type: 'job.created', from: null, to: 'completed', actor: { id: 'signalbox' }, requestId: 'import' },
    ]);
  });

  it('takes rows of targets with their outcome and its job, and knows the names of all jobs', async () => {
    await importNow();
    expect(await row('ROAD_TRAFFIC')).toMatchObject({
      outcome: { status: 'completed', action: ['RELEASED', '2.1.0'], at: instant('09:00:00'), jobId: ids.bump },
    });
    expect(await row('CRASHED')).toMatchObject({ outcome: { status: 'failed', jobId: ids.crashed } });
    expect(await row('RAIL_FREIGHT')).toMatchObject({ outcome: null });
    expect(await row('FERRY_TIMES')).toMatchObject({ firstSeenAt: instant('08:15:30.120'), outcome: null });
  });

  it('takes the history of the switch in its order, numbered', async () => {
    await importNow();
    const records = await target.db!.collection('maintenance').find().sort({ number: 1 }).toArray();
    expect(records).toMatchObject([
      { number: 1, on: false, at: new Date('2025-06-01T06:00:00.000Z') },
      { number: 2, on: true, reason: 'Upgrade to 3.2', at: instant('06:30:00.123'), since: instant('06:30:00.123') },
      { number: 3, on: true, reason: 'Upgrade to 3.2, longer', since: instant('06:30:00.123') },
      { number: 4, on: false, reason: 'Done', since: instant('08:00:00.500') },
    ]);
  });

  it('reports what could not be taken, and why', async () => {
    const report = await importNow();
    const reasons = Object.fromEntries(report.refused.map(({ kind, id, reason }) => [`${kind} ${id}`, reason]));
    expect(reasons).toEqual({
      [`job ${ids.duplicateTarget}`]: `its target RAIL_FREIGHT has the active job ${ids.queued} already`,
      [`job ${ids.badName}`]: 'its target " SPACED " must have no spaces at its ends',
      [`job ${ids.twice}`]: 'the source has it twice; the finished, else the first, was taken',
      [`job ${ids.unknownStatus}`]: 'its status "pondering" is unknown',
      'job 17': 'its id is no UUID',
      'job dddddddd-dddd-4ddd-8ddd-dddddddddddd': 'its operation GENERATE_RSA_KEYS is unknown',
      'job eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee': 'parameters that SET_STATUS needs are missing',
      'target  SPACED ': 'its name must have no spaces at its ends',
      'target NO_TIME': 'its lastUpdatedAt "2025-06-11Twhenever" is no time',
      'maintenance 2025-06-11 11:00:00.5': 'it does not say whether it is a pause',
    });
    expect(report.jobs).toEqual({ found: 16, taken: 9, updated: 0, unchanged: 0, refused: 7 });
    expect(report.targets).toMatchObject({ found: 6, refused: 2 });
    expect(report.maintenance).toEqual({ found: 5, taken: 4, updated: 0, unchanged: 0, refused: 1 });
    expect(report.notes.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      `${ids.bump}: its manifesto had no updateType, which is null now`,
      `${ids.bump}: nobody is known as its creator`,
      `${ids.crashed}: it lay among the completed jobs as partitioning; how it ended is unknown, so it is failed`,
    ]);
  });

  it('may be repeated: nothing is doubled, nothing changes', async () => {
    await importNow();
    const before = await contentOf(target);
    const report = await importNow();
    expect(report.jobs).toMatchObject({ taken: 0, updated: 0, unchanged: 9 });
    expect(report.maintenance).toMatchObject({ taken: 0, unchanged: 4 });
    expect(await contentOf(target)).toBe(before);
  });

  it('goes on where it was interrupted between its note of a finished job and the job', async () => {
    await importNow();
    const before = await contentOf(target);
    await target.db!.collection('completed').deleteMany({ _id: { $in: [ids.completedAdd, ids.failed] as never[] } });
    expect((await importNow()).jobs).toMatchObject({ taken: 2, unchanged: 7 });
    expect((await target.db!.collection('completed').find().sort({ _id: 1 }).toArray()).map(({ _id }) => String(_id))).toEqual(
      (JSON.parse(before) as { documents: { _id: string }[][] }).documents[0]!.map(({ _id }) => _id),
    );
  });

  it('writes nothing to the source, and with dryRun nothing at all', async () => {
    const before = await contentOf(source);
    const rehearsed = await importNow({ dryRun: true });
    expect(await all('inprogress')).toEqual([]);
    const { dryRun, ...report } = await importNow();
    expect(dryRun).toBe(false);
    expect(rehearsed).toEqual({ dryRun: true, ...report });
    expect(await contentOf(source)).toBe(before);
  });

  it('brings up to date what has moved on in the source, and leaves alone what was changed here', async () => {
    await importNow();
    await target
      .db!.collection('inprogress')
      .updateOne({ _id: ids.built as never }, { $set: { phase: 'importing' }, $inc: { version: 1 } });
    const [queued] = await source.db!.collection('inprogress').find({ jobId: ids.queued }).toArray();
    await source.db!.collection('inprogress').deleteOne({ jobId: ids.queued });
    await source
      .db!.collection('completed')
      .insertOne({ ...queued!, status: 'completed', log: [{ at: instant('12:00:00'), message: 'Set status: completed' }] });
    await source
      .db!.collection('inprogress')
      .updateMany({ jobId: { $in: [ids.importing, ids.built] } }, { $set: { status: 'partitioning' } });
    const report = await importNow();
    expect(report.jobs).toMatchObject({ taken: 1, updated: 2 }); // the other job of RAIL_FREIGHT may be taken now
    expect(await jobOf(ids.queued)).toMatchObject({ status: 'completed', version: 2, finishedAt: instant('12:00:00') });
    expect(await jobOf(ids.importing)).toMatchObject({ status: 'running', phase: 'partitioning', version: 2 });
    expect(await jobOf(ids.built)).toMatchObject({ phase: 'importing', version: 2 });
    expect(report.refused).toContainEqual({ kind: 'job', id: ids.built, reason: 'it has been changed in Signalbox since it was taken' });
    expect((await importNow()).jobs).toMatchObject({ taken: 0, updated: 0 });
  });

  it('takes no telling of the service for a change of the job, nor a change for a telling', async () => {
    const here = target.db!.collection('inprogress');
    const tell = (id: string) =>
      here.updateOne({ _id: id as never }, [{ $set: { staleTold: '$updatedAt', version: { $add: ['$version', 1] } } }]);
    const move = (status: string) =>
      source.db!.collection('inprogress').updateMany({ jobId: { $in: [ids.importing, ids.built] } }, { $set: { status } });
    await importNow();
    await tell(ids.importing);
    await tell(ids.built);
    expect((await importNow()).jobs).toMatchObject({ updated: 0, unchanged: 9 });
    await move('partitioning');
    expect((await importNow({ dryRun: true })).jobs).toMatchObject({ updated: 2 });
    expect((await importNow()).jobs).toMatchObject({ updated: 2 });
    expect(await jobOf(ids.importing)).toMatchObject({ phase: 'partitioning', version: 3, staleTold: null });
    await tell(ids.importing);
    await here.updateOne({ _id: ids.built as never }, { $set: { phase: 'validating' }, $inc: { version: 1 } });
    await tell(ids.built);
    await move('built');
    const report = await importNow();
    expect(report.jobs).toMatchObject({ updated: 1 });
    expect(await jobOf(ids.importing)).toMatchObject({ phase: 'built', version: 5 });
    expect(await jobOf(ids.built)).toMatchObject({ phase: 'validating', version: 5 });
    expect(report.refused).toContainEqual({ kind: 'job', id: ids.built, reason: 'it has been changed in Signalbox since it was taken' });
  });

  it('does not take a job whose dataset has one here, nor history once the switch was set here', async () => {
    await importNow({ dryRun: true });
    const empty = await connectTo(testMongodbUrl(), target.name);
    await empty.db!.collection('inprogress').insertOne({ _id: 'here' as never, datasetName: 'FERRY_TIMES', status: 'queued', version: 1 });
    await empty.db!.collection('maintenance').insertOne({ number: 1, on: false, at: new Date(), since: new Date() });
    await empty.close();
    const { refused } = await importNow();
    expect(refused).toContainEqual({ kind: 'job', id: ids.importing, reason: 'its dataset has another active job in Signalbox' });
    expect(refused.filter(({ kind, reason }) => kind === 'maintenance' && reason.startsWith('the switch has been set'))).toHaveLength(4);
  });

  it('says that the zone looks wrong when logs begin before their jobs', async () => {
    const report = await importNow({ zone: 'UTC' });
    expect(report.notes.at(-1)?.reason).toContain('check --source-zone');
  });
});

describe('signalbox import jobs-db', () => {
  const line = (...more: string[]) => [
    'import',
    'jobs-db',
    '--from',
    testMongodbUrl(),
    '--from-database',
    source.name,
    '--source-zone',
    'Europe/Oslo',
    ...more,
  ];
  const env = () => ({ MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: target.name });

  it('prints the report; exit 9 when some could not be taken', async () => {
    const { code, out, err } = await run(line(), env());
    expect({ code, err }).toEqual({ code: 9, err: '' });
    expect(out).toMatch(/^jobs +16 found, 9 taken, 0 updated, 0 unchanged, 7 not taken\n/);
    expect(out).toContain(`job ${ids.unknownStatus}: its status "pondering" is unknown`);
  });

  it('tells with --dry-run what it would do', async () => {
    const { out } = await run(line('--dry-run', '--json'), env());
    expect(JSON.parse(out)).toMatchObject({ dryRun: true, jobs: { taken: 9 } });
    expect(await all('completed')).toEqual([]);
  });

  it('refuses a zone that is none, and a source that does not answer, without showing passwords', async () => {
    expect(await run([...line(), '--source-zone', 'Middle/Earth'], env())).toMatchObject({
      code: 2,
      err: expect.stringContaining('no time zone'),
    });
    const { code, err } = await run(['import', 'jobs-db', '--from', 'mongodb://u:geheim@127.0.0.1:9/'], env());
    expect(code).toBe(7);
    expect(err).toContain('does not answer');
    expect(err).not.toContain('geheim');
  }, 20_000);
});
