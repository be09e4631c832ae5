import { Option } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { dryRunOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';

interface ImportFlags {
  readonly from: string;
  readonly fromDatabase: string;
  readonly to?: string;
  readonly sourceZone: string;
  readonly dryRun?: true;
}

/** Where the service that takes over keeps its data: --to, else the MONGODB_URL of the environment. */
async function targetOf(invocation: Invocation, to: string | undefined): Promise<{ url: string; database: string }> {
  const { readSettings } = await import('../../config/settings.js');
  const env = to === undefined ? invocation.io.env : { ...invocation.io.env, MONGODB_URL: to };
  const { mongodbUrl, mongodbDatabase } = readSettings(env);
  if (mongodbUrl !== null) return { url: mongodbUrl, database: mongodbDatabase };
  throw new CommandError(
    exitCodes.usage,
    'Name the MongoDB of the new service with --to, or set MONGODB_URL. An embedded one tells its address in the log of the service.',
  );
}

async function importJobs(invocation: Invocation, flags: ImportFlags): Promise<ExitCode> {
  const target = await targetOf(invocation, flags.to);
  const { importJobsDatabase, ImportRefusedError } = await import('../../import/index.js');
  const { ProgressBar } = await import('../output/progress-bar.js');
  const bar = new ProgressBar(invocation);
  try {
    const report = await importJobsDatabase({
      source: { url: flags.from, database: flags.fromDatabase },
      target,
      zone: flags.sourceZone,
      dryRun: flags.dryRun === true,
      onProgress: (done, total) => bar.show(done, total),
      ...(invocation.io.signal ? { signal: invocation.io.signal } : {}),
    });
    bar.end();
    const { reportLines } = await import('./import-output.js');
    invocation.printer.one(report, () => reportLines(report));
    return report.refused.length > 0 ? exitCodes.someFailed : exitCodes.done;
  } catch (error) {
    bar.end();
    if (error instanceof ImportRefusedError)
      throw new CommandError(error.why === 'wrong-use' ? exitCodes.usage : exitCodes.unavailable, error.message);
    throw error;
  }
}

/** `signalbox import`. */
export const importVerbs: readonly Verb[] = [
  verb({
    name: 'jobs-db',
    summary:
      'Take over jobs, targets and maintenance history of an original job service; exit 9 when some could not be taken. May be repeated.',
    options: [
      new Option('--from <url>', 'MongoDB of the original; it is only read').makeOptionMandatory(),
      new Option('--from-database <name>', 'its database').default('jobDB'),
      new Option('--to <url>', 'MongoDB of the new service (default: MONGODB_URL)'),
      new Option('--source-zone <zone>', 'time zone of the original service, for its local times').default('UTC'),
      dryRunOption(),
    ],
    examples: [
      "import jobs-db --from mongodb://old:27017/ --to 'mongodb://new:27017/signalbox?replicaSet=rs0' --source-zone Europe/Oslo --dry-run",
    ],
    run: (invocation, _args, flags: ImportFlags) => importJobs(invocation, flags),
  }),
];
