import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import type { Filters } from '../shared-options.js';
import { shown, visible } from '../output/text.js';

/** Flags of every command that changes jobs, one or many. */
export interface SteeringFlags {
  readonly reason?: string;
  readonly filter?: Filters;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly confirm?: string;
  readonly force?: true;
}

export type BulkAction = 'cancel' | 'retry' | 'release' | 'edit';

/** What a bulk change would do. @see API.md 2 */
interface BulkPreview {
  readonly matched: number;
  readonly ids: readonly string[];
  readonly sample: readonly Readonly<Record<string, unknown>>[];
  readonly excluded: readonly { readonly jobId: string; readonly code: string }[];
}

interface BulkOutcome {
  readonly succeeded: number;
  readonly failed: number;
  readonly results: readonly {
    readonly jobId: string | null;
    readonly status: string | null;
    readonly problem: { readonly code: string; readonly detail: string } | null;
  }[];
}

const nothingDone: BulkOutcome = { succeeded: 0, failed: 0, results: [] };

/** A change of many jobs. */
export interface BulkChange {
  readonly action: BulkAction;
  readonly ids: readonly string[];
  readonly flags: SteeringFlags;
  readonly changes?: object;
}

/** More than so many ask for their number. */
const manyJobs = 100;

const path = '/api/v1/jobs/bulk';

/** Values that stand alone are sent alone. */
const filterBody = (filter: Filters): object =>
  Object.fromEntries(Object.entries(filter).map(([name, values]) => [name, values.length === 1 ? values[0] : values]));

function previewLines({ action }: BulkChange, { matched, sample, excluded }: BulkPreview): string[] {
  return [
    `${action} would change ${matched} ${matched === 1 ? 'job' : 'jobs'}${matched > sample.length ? `, the first ${sample.length} of them:` : ':'}`,
    ...sample.map((job) => `  ${shown(job['jobId'])}  ${shown(job['datasetName'])}  ${shown(job['operation'])}  ${shown(job['status'])}`),
    ...(excluded.length > 0
      ? [`${excluded.length} are left out:`, ...excluded.slice(0, 20).map(({ jobId, code }) => `  ${visible(jobId)}  ${code}`)]
      : []),
  ];
}

async function confirmChange(invocation: Invocation, { action, flags }: BulkChange, matched: number): Promise<void> {
  const what = `${action} ${matched} ${matched === 1 ? 'job' : 'jobs'}?`;
  if (flags.confirm !== undefined && flags.confirm !== String(matched))
    throw new CommandError(exitCodes.usage, `${matched} jobs fit, not ${flags.confirm}. Nothing was done.`);
  const agreed = flags.confirm !== undefined || (flags.yes === true && matched <= manyJobs);
  await invocation.confirm(what, { yes: agreed, flag: matched > manyJobs ? `--confirm ${matched}` : '--yes' });
}

function outcomeLines({ succeeded, failed, results }: BulkOutcome): string[] {
  const faults = results.filter(({ problem }) => problem !== null);
  return [
    `${succeeded} done, ${failed} failed.`,
    ...faults.map(({ jobId, problem }) => `  ${shown(jobId)}  ${problem?.code ?? ''}  ${visible(problem?.detail ?? '')}`),
  ];
}

/**
 * Changes many jobs: shows what it would be, asks, does it. What fits a filter is counted first, and nothing is done when the count differs then.
 * @returns 9 when some failed
 */
export async function runBulk(invocation: Invocation, change: BulkChange): Promise<ExitCode> {
  const { action, ids, flags, changes } = change;
  const chosen = flags.filter ? { filter: filterBody(flags.filter) } : { ids };
  const body = { action, ...chosen, reason: flags.reason, ...(changes && { changes }) };
  const preview = await invocation.request<BulkPreview>('POST', path, { body: { ...body, dryRun: true } });
  if (flags.dryRun) {
    invocation.printer.one(preview, () => previewLines(change, preview));
    return exitCodes.done;
  }
  for (const line of previewLines(change, preview)) invocation.printer.note(line);
  if (preview.matched === 0) {
    if (invocation.printer.format !== 'human') invocation.printer.one(nothingDone);
    throw new CommandError(exitCodes.notFound, 'No job fits. Nothing was done.');
  }
  await confirmChange(invocation, change, preview.matched);
  const outcome = await invocation.request<BulkOutcome>('POST', path, {
    body: { ...body, ...(flags.filter && { expectedCount: preview.matched }) },
  });
  invocation.printer.one(outcome, () => outcomeLines(outcome));
  return outcome.failed > 0 ? exitCodes.someFailed : exitCodes.done;
}
