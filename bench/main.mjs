import { writeFile } from 'node:fs/promises';
import { BenchRun } from './bench-run.mjs';
import { Cleanup } from './cleanup.mjs';
import { profileTables } from './cpu-profile.mjs';
import { Figures } from './figures.mjs';
import { readOptions, usage } from './options.mjs';
import { surroundings, tableOf } from './report.mjs';

const exitCodes = { failed: 1, misused: 2, interrupted: 130 };

function optionsOrExit() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    return process.exit(exitCodes.misused);
  }
}

/** The table, and the JSON to where the options say. */
async function print(options, { figures, details, mongodb, startedIn }) {
  if (details.profile) process.stdout.write(`${profileTables(details.profile)}\n`);
  process.stdout.write(`${tableOf(figures)}\n`);
  const json = JSON.stringify({ ...startedIn, mongodb, figures, ...details }, null, 2);
  if (options.json) await writeFile(options.json, `${json}\n`);
  else process.stdout.write(`${json}\n`);
}

const options = optionsOrExit();
if (options.help) {
  process.stdout.write(usage);
  process.exit();
}
const [cleanup, interrupted] = [new Cleanup(), new AbortController()];
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    interrupted.abort();
    await cleanup.run();
    process.exit(exitCodes.interrupted);
  });
}
const startedIn = surroundings(options);
const run = new BenchRun(options, new Figures(), cleanup);
try {
  await run.play(interrupted.signal);
} catch (error) {
  if (!interrupted.signal.aborted) process.stderr.write(`${error.stack}\nThe figures are those from before.\n`);
  process.exitCode = exitCodes.failed;
}
if (!interrupted.signal.aborted) {
  await cleanup.run();
  await print(options, { figures: run.figures.all, details: run.details, mongodb: run.mongod?.version ?? null, startedIn });
}
