import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nouns } from '../../src/cli/nouns.js';
import { eventually } from '../events/eventually.js';
import { packageMembers, writeTar } from '../support/datasets.js';
import { adminToken } from '../support/service.js';
import { useService } from '../support/use-service.js';
import { step, TraceClient, upload } from '../traces/trace-client.js';
import { type Ran, run, wordsOf } from './run.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'dist/cli/signalbox.js');
const file = useService({});

interface Document {
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let openapi: Document;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  openapi = (await file.http.get('/api/openapi.json')).json<Document>();
  env = { DATA_DIR: file.service.dataDir, HOME: file.service.dataDir };
  for (const name of ['ROAD_TRAFFIC', 'OLD_DRAFT'])
    await writeTar(file.service.inputDir, { file: `${name}.tar`, members: packageMembers(name, { data: false }) });
  await makeLineage();
});

/** Lets the graph know how ROAD_TRAFFIC was made. */
async function makeLineage(): Promise<void> {
  const headers = { authorization: `Bearer ${await adminToken(file.service.dataDir)}` };
  const event = {
    eventType: 'COMPLETE',
    eventTime: '2026-06-11T08:15:30Z',
    run: { runId: randomUUID() },
    job: { namespace: 'tests', name: 'import' },
    inputs: [{ namespace: 'signalbox/files', name: 'input/ROAD_TRAFFIC.tar' }],
    outputs: [{ namespace: 'signalbox', name: 'ROAD_TRAFFIC' }],
    producer: 'urn:tests',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  };
  await file.http.send('POST', '/api/v1/lineage', { json: event, headers });
  await eventually(async () => (await run('lineage up dataset:ROAD_TRAFFIC', env)).code === 0);
}

/** Runs a line as a program of its own, as people do. */
function start(line: string): Promise<Ran & { milliseconds: number }> {
  const begun = performance.now();
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...wordsOf(line)], { env: { ...env, PATH: process.env['PATH'] } }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err, milliseconds: performance.now() - begun }),
    );
  });
}

async function newJob(): Promise<string> {
  const { out } = await run(
    `jobs create --dataset D${randomBytes(4).toString('hex').toUpperCase()} --operation ADD --plain --fields jobId`,
    env,
  );
  return out.trim();
}

async function cancelledJob(): Promise<string> {
  const jobId = await newJob();
  await run(`jobs cancel ${jobId} --reason test`, env);
  return jobId;
}

/** A trace that is finished. */
async function newTrace(): Promise<string> {
  const client = new TraceClient(file.http, await adminToken(file.service.dataDir));
  const traceId = await client.create(upload('boligpriser'));
  await client.append(traceId, step(1, { trace_status: 'FINISHED' }));
  return traceId;
}

/** Routes of the nouns and verbs that need more than the service's first. */
const routesOf: Readonly<Record<string, string>> = {
  workers: '/api/v1/workers',
  events: '/api/v1/events',
  'jobs explain': '/api/v1/jobs/{jobId}/explain',
  'jobs retry': '/api/v1/jobs/{jobId}/retry',
  'jobs release': '/api/v1/jobs/{jobId}/release',
  'jobs fail': '/api/v1/jobs/{jobId}/fail',
  'maintenance deploy-check': '/api/v1/maintenance/deploy-check',
};

function isServed(verb: string, line: string): boolean {
  const route = /--filter.*--dry-run/.test(line) ? '/api/v1/jobs/bulk' : (routesOf[verb] ?? routesOf[verb.split(' ')[0]!]);
  return route === undefined || route in openapi.paths;
}

/** Examples that do not end with 0, because of what they are an example of. */
const otherCodes: Readonly<Record<string, number>> = {
  'jobs watch': 8, // the job that is there was cancelled
  'maintenance wait': 5, // the switch is off by then
  'maintenance deploy-check': 5,
  'jobs release': 5, // no job runs
  'jobs fail': 5,
  'workers get': 4, // no worker has claimed
  'workers drain': 4,
  'workers undrain': 4,
  'workers forget': 4,
};

/** Examples that need something else, and are run by the tests of that. */
const elsewhere = ['import jobs-db', 'serve', 'migrate', 'login'];

interface Example {
  readonly verb: string;
  readonly line: string;
}

/** Every example of every verb. Loaded one after the other: modules that are loaded at once confuse jest. */
async function allExamples(): Promise<Example[]> {
  const examples: Example[] = [];
  for (const noun of nouns) {
    const verbs = await noun.load();
    for (const { name, examples: lines } of verbs)
      examples.push(...(lines.length > 0 ? lines : ['']).map((line) => ({ verb: noun.alone ? noun.name : `${noun.name} ${name}`, line })));
  }
  return examples;
}

describe('examples of the help', () => {
  it('stand at every command', async () => {
    expect((await allExamples()).filter(({ verb, line }) => !line.startsWith(verb))).toEqual([]);
  });

  it('all run against a service', async () => {
    const wrong: string[] = [];
    for (const { verb, line } of await allExamples()) {
      if (!isServed(verb, line) || elsewhere.includes(verb)) continue;
      const jobId = verb === 'jobs watch' || verb === 'jobs retry' ? await cancelledJob() : await newJob();
      const { code, err } = await run(line.replace('$JOB', jobId).replace('$TRACE', await newTrace()), env);
      if (code !== (otherCodes[verb] ?? 0)) wrong.push(`${line}: ${code} ${err}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe('--json', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const faultsOf = (schema: string, text: string) => {
    if (!ajv.getSchema('openapi')) ajv.addSchema({ ...openapi, $id: 'openapi' });
    const validate = ajv.compile({ $ref: `openapi#/components/schemas/${schema}` });
    return validate(JSON.parse(text)) ? [] : validate.errors;
  };

  it('of maintenance deploy-check is a DeployCheckDto of the published schemas', async () => {
    const { code, out } = await run('maintenance deploy-check --json', env);
    expect([code, faultsOf('DeployCheckDto', out)]).toEqual([5, []]);
  });

  it.each([
    ['jobs list', 'JobPageDto'],
    ['jobs list --all', 'JobPageDto'],
    ['jobs get $JOB', 'JobWithHistoryDto'],
    ['jobs explain $JOB', 'ExplanationDto'],
    ['jobs cancel $JOB --reason test --dry-run', 'BulkDryRunDto'],
    ['jobs cancel $JOB $JOB2 --reason test --yes', 'BulkAnswerDto'],
    ['workers list', 'WorkerPageDto'],
    ['events list', 'EventPageDto'],
    ['jobs logs $JOB', 'JobLogPageDto'],
    ['jobs history $JOB', 'JobHistoryPageDto'],
    ['jobs edit $JOB --priority low', 'JobDto'],
    ['jobs cancel $JOB --reason test', 'JobDto'],
    ['jobs create --dataset SCHEMA_TEST --operation ADD', 'JobDto'],
    ['datasets list', 'DatasetPageDto'],
    ['datasets get SCHEMA_TEST', 'DatasetDto'],
    ['lineage up dataset:ROAD_TRAFFIC --depth 2', 'LineageGraphDto'],
    ['datasets jobs SCHEMA_TEST', 'JobPageDto'],
    ['importables list', 'ImportablePageDto'],
    ['targets list', 'TargetPageDto'],
    ['targets get SCHEMA_TEST', 'TargetDto'],
    ['traces list', 'TracePageDto'],
    ['traces get $TRACE', 'TraceWithLinksDto'],
    ['traces events $TRACE', 'TraceEventPageDto'],
    ['traces watch $TRACE', 'TraceWithLinksDto'],
    ['maintenance status', 'MaintenanceDto'],
    ['maintenance off', 'MaintenanceDto'],
    ['maintenance history', 'MaintenanceChangePageDto'],
    ['health', 'HealthReportDto'],
  ])('of %s is a %s of the published schemas', async (line, schema) => {
    const { code, out } = await run(
      `${line
        .replace('$JOB2', await newJob())
        .replace('$TRACE', await newTrace())
        .replace('$JOB', await newJob())} --json`,
      env,
    );
    expect(code).toBe(0);
    expect(faultsOf(schema, out)).toEqual([]);
  });
});

describe('flags of every command', () => {
  const lines = (text: string): string[] => text.trimEnd().split('\n');
  beforeAll(async () => {
    const items = Array.from({ length: 210 }, (_, index) => ({ datasetName: `FLAG_${index}`, operation: 'ADD', tags: ['flags'] }));
    const authorization = `Bearer ${(await readFile(join(file.service.dataDir, 'admin-token'), 'utf8')).trim()}`;
    expect((await file.http.post('/api/v1/jobs/bulk', { action: 'create', items }, { authorization })).status).toBe(200);
  }, 60_000);

  it('give as much of a list as is asked for, page after page', async () => {
    const list = (flags: string) => run(`jobs list --filter tag=flags ${flags}`, env);
    const usual = await list('--plain');
    expect([lines(usual.out).length, usual.err]).toEqual([50, '']);
    expect((await list('')).err).toBe('These are the first 50. Add --all or --limit N for more.\n');
    expect((await list('--quiet')).err).toBe('');
    expect(lines((await list('--limit 205 --plain')).out)).toHaveLength(205);
    const all = lines((await list('--all --jsonl')).out).map((line) => JSON.parse(line) as { jobId: string });
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(210);
    expect((JSON.parse((await list('--all --json')).out) as { items: object[] }).items).toHaveLength(210);
    expect((await list('--all --limit 5')).code).toBe(2);
  });

  it('choose fields by path, in each format', async () => {
    const one = (flags: string) => run(`jobs list --dataset FLAG_7 --fields datasetName,createdBy.name,lease.workerId ${flags}`, env);
    expect((await one('--plain')).out).toMatch(/^FLAG_7\t[^\t]+\t-\n$/);
    const picked = { datasetName: 'FLAG_7', 'createdBy.name': expect.any(String), 'lease.workerId': null };
    expect(JSON.parse((await one('--jsonl')).out)).toEqual(picked);
    expect((JSON.parse((await one('--json')).out) as { items: object[] }).items).toEqual([picked]);
    expect(lines((await one('')).out)[0]).toMatch(/^datasetName +createdBy.name +lease.workerId$/);
    expect(await one('--json --plain')).toMatchObject({ code: 2, out: '' });
  });

  it('tell each request as a curl command that works, without the token', async () => {
    const { out, err } = await run('jobs list --dataset FLAG_7 --json --curl', env);
    const token = (await readFile(join(file.service.dataDir, 'admin-token'), 'utf8')).trim();
    expect(err).toMatch(/^curl -sS .*\$SIGNALBOX_TOKEN/);
    expect(err).not.toContain(token);
    const answer = await new Promise<string>((resolve, reject) =>
      execFile('sh', ['-c', err], { env: { PATH: process.env['PATH'], SIGNALBOX_TOKEN: token } }, (error, text) =>
        error ? reject(error) : resolve(text),
      ),
    );
    expect((JSON.parse(answer) as { items: object[] }).items).toEqual((JSON.parse(out) as { items: object[] }).items);
  });

  it('take the token from stdin, and ask nobody where nobody is', async () => {
    const token = (await readFile(join(file.service.dataDir, 'admin-token'), 'utf8')).trim();
    const elsewhere = { HOME: file.service.dataDir, SIGNALBOX_URL: file.service.url };
    const piped = { readInput: () => Promise.resolve(`${token}\n`) };
    expect((await run('jobs list --limit 1 --plain --token-file -', elsewhere, piped)).code).toBe(0);
    expect((await run('jobs list', elsewhere)).code).toBe(3);
    expect(await run('jobs cancel --filter tag=flags --reason end', env)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--confirm 210'),
    });
    expect((await run('jobs cancel --filter tag=flags --reason end --confirm 210', env)).code).toBe(0);
  }, 60_000);
});

describe('the program', () => {
  it('finds the service by the address that it leaves in its data folder', async () => {
    const path = join(file.service.dataDir, 'address');
    expect((await readFile(path, 'utf8')).trim()).toBe(file.service.url);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
    expect(await start('jobs list --json --limit 1')).toMatchObject({ code: 0, err: '' });
  });

  it('starts in well under half a second', async () => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) times.push((await start('jobs --help')).milliseconds);
    expect(times.sort((one, other) => one - other)[0]).toBeLessThan(400);
  });

  it('creates, waits and ends with the job', async () => {
    const waiting = start('jobs create --dataset WAITED_FOR --operation ADD --wait --timeout 60 --plain --fields status');
    const find = async (): Promise<string> =>
      (await run('jobs list --dataset WAITED_FOR --plain --fields jobId', env)).out.trim() || find();
    await run(`jobs cancel ${await find()} --reason test`, env);
    expect(await waiting).toMatchObject({ code: 8, out: 'cancelled\n' });
  });

  it('doctor finds nothing wrong with a service that is well', async () => {
    const { code, out } = await start('doctor --json');
    expect({ code, healthy: (JSON.parse(out) as { healthy: boolean }).healthy }).toEqual({ code: 0, healthy: true });
  });

  it('ends quietly when its reader has seen enough', async () => {
    const { code } = await new Promise<{ code: number | null }>((resolve) => {
      const child = execFile(process.execPath, [program, 'completion', 'bash'], { env }, () => undefined);
      child.stdout!.destroy();
      child.on('exit', (exit) => resolve({ code: exit }));
    });
    expect(code).toBe(0);
  });
});
