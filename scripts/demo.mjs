import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { list } from 'tar';
import './typescript.mjs';

const { packageMembers, truncateFile, writeTar } = await import('../test/support/datasets.ts');
const { CompatClient } = await import('../test/support/compat-client.ts');
const { Executor } = await import('../test/support/executor.ts');
const { withService } = await import('../test/support/service.ts');

const step = (text) => console.log(`\n== ${text}`);
const say = (text) => console.log(`   ${text}`);

const datasets = [
  { name: 'ROAD_TRAFFIC', operation: 'ADD', content: 'metadata and data', ends: 'completed' },
  { name: 'RAIL_FREIGHT', operation: 'PATCH_METADATA', content: 'metadata only', ends: 'completed' },
  { name: 'AIR_CARGO', operation: 'ADD', content: 'broken: the file ends in the middle', ends: 'failed' },
];

async function writeDatasets(inputDir) {
  await writeTar(inputDir, { file: 'ROAD_TRAFFIC.tar', members: packageMembers('ROAD_TRAFFIC', { data: true }) });
  await writeTar(inputDir, { file: 'RAIL_FREIGHT.tar', members: packageMembers('RAIL_FREIGHT', { data: false }) });
  await truncateFile(await writeTar(inputDir, { file: 'AIR_CARGO.tar', members: packageMembers('AIR_CARGO', { data: true }) }), 700);
  for (const { name, content } of datasets) say(`${name}.tar  ${content}`);
}

/** Moves a dataset's tar to the archive and looks into it, as the real worker does before it builds. */
function tarInput(inputDir) {
  const archived = (name) => join(inputDir, 'archive', `${name}.tar`);
  return {
    async take(name) {
      await mkdir(join(inputDir, 'archive'), { recursive: true });
      await rename(join(inputDir, `${name}.tar`), archived(name));
      say(`worker   ${name}.tar moved to the archive`);
      try {
        let members = 0;
        await list({ file: archived(name), strict: true, onReadEntry: () => (members += 1) });
        return { description: `Dataset with ${members} files` };
      } catch (error) {
        return { failure: `The dataset cannot be read: ${error.message}` };
      }
    },
    discard: (name) => rm(archived(name), { force: true }),
  };
}

/** Passes on what a start tells, such as the progress of a download, but not the advice for a service that stays. */
function showProgress(text) {
  if (!text.includes('Try next:')) process.stderr.write(text);
}

async function pause(http, paused, msg) {
  const reply = await http.post('/maintenance-status', { msg, paused });
  if (reply.status !== 200) throw new Error(`POST /maintenance-status: ${reply.status} ${reply.text}`);
  say(`maintenance ${paused ? 'on' : 'off'}: ${msg}`);
}

async function showTables(compat) {
  const targets = new Table({ head: ['target', 'status', 'action', 'last updated (UTC)'], style: { head: [], border: [] } });
  for (const row of await compat.targets()) targets.push([row.name, row.status, row.action.join(' '), row.lastUpdatedAt]);
  console.log(targets.toString());
  const jobs = new Table({
    head: ['job', 'operation', 'target', 'status', 'last line of its log'],
    style: { head: [], border: [] },
    wordWrap: true,
  });
  for (const job of await compat.list()) {
    jobs.push([job.jobId.slice(0, 8), job.parameters.operation, job.parameters.target, job.status, job.log.at(-1)?.message ?? '']);
  }
  console.log(jobs.toString());
}

/** Creates the jobs as the front end does: with the two cookies of somebody who may. */
async function createJobs(service, chosen) {
  const cookies = await service.cookies();
  const results = await new CompatClient(service.http, { cookie: cookies }).createAll(
    chosen.map(({ operation, name }) => ({ operation, target: name })),
  );
  results.forEach((result, index) =>
    say(`POST /jobs   ${chosen[index].operation} ${chosen[index].name}: ${result.msg} ${result.job_id ?? result.reason}`),
  );
  return results.map((result) => result.job_id);
}

async function play(service) {
  const { http, inputDir } = service;
  const compat = new CompatClient(http);
  const worker = new Executor(http, { input: tarInput(inputDir), report: (line) => say(`worker   ${line}`) });
  say(`listening on ${service.url}, data in ${service.dataDir}`);
  step('Three files arrive in the input folder');
  await writeDatasets(inputDir);
  step('What can be imported: GET /importable-datasets');
  for (const { datasetName, hasData } of (await http.get('/importable-datasets')).json())
    say(`${datasetName}  data: ${hasData ? 'yes' : 'no'}`);
  step('A worker starts, polls, and builds the first dataset');
  const [first, ...others] = datasets;
  const ids = await createJobs(service, [first]);
  await worker.recover();
  await worker.round();
  step('Maintenance: the worker finishes what is built and takes nothing new');
  ids.push(...(await createJobs(service, others)));
  await pause(http, true, 'Upgrade of the archive');
  await worker.drain();
  const waiting = await compat.list('/jobs?status=queued');
  say(`still queued: ${waiting.map((job) => job.parameters.target).join(', ')}`);
  await pause(http, false, 'Upgrade done');
  step('The worker goes on');
  await worker.drain();
  step('The end');
  await showTables(compat);
  return check(compat, ids, waiting.length === others.length);
}

async function check(compat, ids, allWaited) {
  const faults = allWaited ? [] : ['the pause did not hold the queued jobs'];
  for (const [index, { name, ends }] of datasets.entries()) {
    const { status } = await compat.job(ids[index]);
    if (status !== ends) faults.push(`${name} should be ${ends}, is ${status}`);
  }
  return faults;
}

step('Signalbox starts with its own database in a temporary folder');
say('COMPAT_AUTH=reference: workers of the original job service send no credentials');
const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-demo-'));
try {
  const options = { database: 'own', dataDir, env: { COMPAT_AUTH: 'reference' }, startTimeoutMs: 600_000, onStderr: showProgress };
  const faults = await withService(options, play);
  for (const fault of faults) console.error(`WRONG: ${fault}`);
  if (faults.length === 0) console.log('\nEvery job ended as it should.');
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
