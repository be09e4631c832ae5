import { parseArgs } from 'node:util';
import './typescript.mjs';

const usage = 'usage: npm run test:kill -- [--rounds N] [--clients N] [--victim service|database]';

function readArguments() {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, clients: { type: 'string' }, victim: { type: 'string' } } });
  const count = (text, fallback) => (text === undefined ? fallback : Number(text));
  const [rounds, clients] = [count(values.rounds, 20), count(values.clients, 20)];
  if (![rounds, clients].every((number) => Number.isSafeInteger(number) && number > 0))
    throw new Error('rounds and clients are positive numbers');
  if (values.victim && !['service', 'database'].includes(values.victim)) throw new Error('victim is service or database');
  return { rounds, clients, victim: values.victim };
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}
const { runKillTest } = await import('../test/kill/kill-test.ts');
const result = await runKillTest({ ...options, report: console.log });
for (const line of result.errorLines) console.log(`LOG ${line}`);
for (const violation of result.violations) console.log(`VIOLATION ${violation}`);
console.log(
  `rounds ${result.rounds}, acknowledged writes ${result.acknowledgedWrites}, jobs ${result.createdJobs}, traces ${result.createdTraces}, unknown outcomes ${result.unknownOutcomes}, violations ${result.violations.length}`,
);
process.exitCode = result.violations.length > 0 ? 1 : 0;
