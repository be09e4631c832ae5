import { NoAnswerError } from '../../client/index.js';
import type { components } from '../../client/index.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { visible } from '../output/text.js';
import { verb, type Verb } from '../verb.js';

export type HealthReport = components['schemas']['HealthReportDto'];

/** The readiness of the service with its named checks, ready or not. @throws NoAnswerError when nobody answers */
export async function readinessOf(invocation: Invocation): Promise<HealthReport> {
  const { url } = await invocation.connection();
  const timeoutMs = (invocation.flags.timeout ?? 10) * 1_000;
  try {
    const response = await fetch(`${url}/health/ready`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return (await response.json()) as HealthReport;
  } catch (error) {
    throw new NoAnswerError(`${url}/health/ready`, error);
  }
}

async function health(invocation: Invocation): Promise<ExitCode> {
  const report = await readinessOf(invocation);
  invocation.printer.one(report, (paint) => [
    report.status === 'ready' ? paint.green(report.status) : paint.red(report.status),
    ...report.checks.map(
      (check) =>
        `  ${check.ok ? paint.green('ok') : paint.red('failed')}  ${check.name}${check.detail ? `  ${visible(check.detail)}` : ''}`,
    ),
  ]);
  return report.status === 'ready' ? exitCodes.done : exitCodes.unavailable;
}

/** `signalbox health`. */
export const healthVerbs: readonly Verb[] = [
  verb({
    name: 'health',
    summary: 'Ask whether the service can do its work: exit 0 when it can, 7 when not.',
    examples: ['health', 'health --plain --fields status'],
    run: (invocation) => health(invocation),
  }),
];
