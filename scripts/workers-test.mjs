import { parseArgs } from 'node:util';
import './typescript.mjs';

const usage = `usage: npm run test:workers -- [options]

Two services on one database; workers claim and do jobs through the native protocol while some vanish without a word and processes are killed by SIGKILL.
Afterwards no job may have been in two hands at one instant of database time, none may be lost, and each is completed, or failed with a reason.

  --workers N          (200)
  --jobs N             (2000)
  --vanish PERCENT     of a hundred claimed jobs, with how many the worker vanishes (5)
  --kills N            kills of service, database and replica by turns, spread over the run (6)
  --lease SECONDS      length of a lease (6)
  --minutes N          a run that takes longer has lost something (15)
  --help               prints this

The status is 0 when all is well, 1 when a promise was broken, 2 for wrong options.
`;

const defaults = { workers: 200, jobs: 2_000, vanish: 5, kills: 6, lease: 6, minutes: 15 };
const mayBeZero = new Set(['vanish', 'kills']);

function readArguments() {
  const names = Object.keys(defaults);
  const options = { ...Object.fromEntries(names.map((name) => [name, { type: 'string' }])), help: { type: 'boolean', default: false } };
  const { values } = parseArgs({ options });
  const numbers = names.map((name) => {
    const number = values[name] === undefined ? defaults[name] : Number(values[name]);
    if (!Number.isSafeInteger(number) || number < (mayBeZero.has(name) ? 0 : 1)) throw new Error(`--${name} is a whole number above 0`);
    return [name, number];
  });
  return { ...Object.fromEntries(numbers), help: values.help };
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(usage);
  process.exit();
}
const { runFleet, violationsOf } = await import('../test/workers/fleet/fleet-run.ts');
const { workers, jobs, vanish: vanishPercent, kills, lease: leaseSeconds, minutes: limitMinutes } = options;
const result = await runFleet({ workers, jobs, vanishPercent, kills, leaseSeconds, limitMinutes, report: console.log });
const violations = violationsOf(result);
for (const violation of violations) console.log(`VIOLATION ${violation}`);
const failed = Object.entries(result.failedBecause);
const lines = [
  `workers ${workers}, jobs ${result.createdJobs}, ${Math.round(result.seconds)} s; killed: ${result.killed.join(', ') || 'nobody'}`,
  `claims ${result.claims}, vanished ${result.vanished}, of whom ${result.returned} came back; lost attempts ${result.lostAttempts}, late calls refused ${result.leasesLost}`,
  `completed ${result.completedJobs}, failed with a reason ${failed.map(([code, count]) => `${count} (${code})`).join(', ') || 0}`,
  `held by two live leases ${result.doubleLeases.length}, lost ${result.lostJobs.length}, other violations ${result.others.length}`,
];
console.log(lines.join('\n'));
process.exitCode = violations.length > 0 ? 1 : 0;
