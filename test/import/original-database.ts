import mongoose from 'mongoose';

const user = { userId: 'u-17', firstName: 'Kari', lastName: 'Lie' };

/** Jobs of a database as the original job service leaves it after years: its own forms of time, several versions of documents, traces of crashes. */
export const ids = {
  queued: '11111111-1111-4111-8111-111111111111',
  importing: '22222222-2222-4222-8222-222222222222',
  built: '33333333-3333-4333-8333-333333333333',
  duplicateTarget: '44444444-4444-4444-8444-444444444444',
  badName: '55555555-5555-4555-8555-555555555555',
  completedAdd: '66666666-6666-4666-8666-666666666666',
  failed: '77777777-7777-4777-8777-777777777777',
  bump: '88888888-8888-4888-8888-888888888888',
  crashed: '99999999-9999-4999-8999-999999999999',
  twice: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  unknownStatus: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  remove: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc',
} as const;

/** A log line; BSON dates of the original are UTC. */
const line = (time: string, message: string) => ({ at: new Date(`2025-06-11T${time}Z`), message });
const at = (time: string): string => `2025-06-11T${time}`; // local time of the original, here two hours ahead of UTC
const job = ([jobId, status]: readonly [string, string], parameters: object, more: object = {}) => ({
  jobId,
  status,
  parameters,
  log: [],
  createdAt: at('10:15:30.120045'),
  createdBy: user,
  ...more,
});

const manifesto = {
  version: '2.1.0.0',
  description: 'June',
  releaseTime: 1_749_600_000,
  languageCode: 'no',
  dataStructureUpdates: [
    { name: 'ROAD_TRAFFIC', description: 'first', operation: 'ADD', releaseStatus: 'PENDING_RELEASE' },
    { name: 'AIR_TRAVEL', description: 'not yet', operation: 'ADD', releaseStatus: 'DRAFT' },
  ],
};

const inprogress = [
  job([ids.queued, 'queued'], { operation: 'ADD', target: 'RAIL_FREIGHT' }),
  job(
    [ids.importing, 'importing'],
    { operation: 'CHANGE', target: 'FERRY_TIMES', description: 'Corrected' },
    {
      log: [
        line('08:16:00', 'Set status: initiated'),
        line('08:17:00', 'Added update description'),
        line('08:20:01.004', 'Set status: importing'),
      ],
    },
  ),
  job(
    [ids.built, 'built'],
    { operation: 'ADD', target: 'BIKE_PATHS' },
    { createdAt: at('10:15:31'), log: [line('08:16:00', 'Set status: built')] },
  ),
  job([ids.duplicateTarget, 'queued'], { operation: 'PATCH_METADATA', target: 'RAIL_FREIGHT' }),
  job([ids.badName, 'queued'], { operation: 'ADD', target: ' SPACED ' }),
  job([ids.twice, 'importing'], { operation: 'ADD', target: 'TWICE' }),
  job([ids.unknownStatus, 'pondering'], { operation: 'ADD', target: 'PONDERED' }),
  job(['17', 'queued'], { operation: 'ADD', target: 'NUMBERED' }),
  job(['dddddddd-dddd-4ddd-8ddd-dddddddddddd', 'queued'], { operation: 'GENERATE_RSA_KEYS', target: 'KEYS' }),
];

const completed = [
  job(
    [ids.completedAdd, 'completed'],
    { operation: 'ADD', target: 'ROAD_TRAFFIC' },
    {
      log: [line('08:16:00', 'Set status: initiated'), line('08:30:00.500', 'Set status: completed')],
    },
  ),
  job(
    [ids.failed, 'failed'],
    { operation: 'ADD', target: 'RAIL_FREIGHT' },
    {
      log: [
        line('08:16:00', 'Set status: initiated'),
        line('08:16:30', 'Set status: queued'),
        line('08:17:00', 'Set status: initiated'),
        line('08:18:00', 'Set status: failed'),
        line('08:18:00', 'Dataset too large for import'),
      ],
    },
  ),
  job(
    [ids.bump, 'completed'],
    {
      operation: 'BUMP',
      target: 'DATASTORE',
      description: 'June',
      bumpFromVersion: '2.0.0',
      bumpToVersion: '2.1.0',
      bumpManifesto: manifesto,
    },
    { log: [line('09:00:00', 'Set status: completed')], createdBy: null },
  ),
  job([ids.crashed, 'partitioning'], { operation: 'ADD', target: 'CRASHED' }, { log: [line('08:16:00', 'Set status: initiated')] }),
  job([ids.twice, 'completed'], { operation: 'ADD', target: 'TWICE' }),
  job([ids.remove, 'completed'], { operation: 'REMOVE', target: 'OLD', description: '' }),
  job(['eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee', 'completed'], { operation: 'SET_STATUS', target: 'OLD' }),
];

const target = (name: string, [status, ...action]: readonly string[], time = '10:30:00.004311') => ({
  name,
  lastUpdatedAt: at(time),
  status,
  lastUpdatedBy: user,
  action,
});

const targets = [
  target('ROAD_TRAFFIC', ['completed', 'RELEASED', '2.1.0'], '11:00:00'),
  target('RAIL_FREIGHT', ['queued', 'ADD']),
  target('DATASTORE', ['completed', 'BUMP', '2.0.0', '2.1.0'], '11:00:00.000001'),
  target('CRASHED', ['failed', 'ADD']),
  target(' SPACED ', ['queued', 'ADD']),
  target('NO_TIME', ['completed', 'ADD'], 'whenever'),
];

const maintenance = [
  { msg: 'Initial status inserted by job service at startup.', paused: false, timestamp: '2025-06-01 08:00:00.000001' },
  { msg: 'Upgrade to 3.2', paused: true, timestamp: '2025-06-11 08:30:00.123456' },
  { msg: 'Upgrade to 3.2, longer', paused: true, timestamp: '2025-06-11 09:30:00' },
  { msg: 'Done', paused: false, timestamp: '2025-06-11 10:00:00.5' },
  { msg: 'Broken', paused: 'yes', timestamp: '2025-06-11 11:00:00.5' },
];

/** Everything in the database, for a comparison before and after. */
export async function contentOf(connection: mongoose.Connection): Promise<string> {
  const names = (await connection.db!.listCollections().toArray()).map(({ name }) => name).sort();
  const documents = await Promise.all(names.map((name) => connection.db!.collection(name).find().sort({ _id: 1 }).toArray()));
  return mongoose.mongo.BSON.EJSON.stringify({ names, documents });
}

/** Fills a database. */
export async function fillOriginal(connection: mongoose.Connection): Promise<void> {
  const database = connection.db!;
  await database.collection('inprogress').insertMany(inprogress);
  await database.collection('completed').insertMany(completed);
  await database.collection('targets').insertMany(targets);
  await database.collection('maintenance').insertMany(maintenance);
}
