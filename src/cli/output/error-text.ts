import { NoAnswerError, ProblemError, type SignalboxClient } from '../../client/index.js';
import { type ExitCode, exitCodeOfStatus, exitCodes } from '../exit-codes.js';
import { visible } from './text.js';

const pageTimeoutMs = 2_000;

/** What the service's own page says to do about an error; undefined when it does not answer. */
async function cureOf(error: ProblemError, client: SignalboxClient | null): Promise<string | undefined> {
  if (client === null || error.code.startsWith('HTTP.')) return undefined;
  const signal = AbortSignal.timeout(pageTimeoutMs);
  const page = await client
    .request<{ cure?: string }>({ path: `/docs/errors/${encodeURIComponent(error.code)}`, signal })
    .catch(() => undefined);
  return page?.cure;
}

/** An error of the service for people: what happened, what to do, and what to name when asking for help. @param client asks for the cure; null: leave it out @see API.md 9 */
export async function problemText(error: ProblemError, client: SignalboxClient | null): Promise<string> {
  const { problem } = error;
  const cure = await cureOf(error, client);
  const faults = problem.errors.map((fault) => `  ${[fault.pointer, fault.message].filter(Boolean).join(': ')}`);
  return [
    `error: ${problem.title}${problem.detail && problem.detail !== problem.title ? `: ${problem.detail}` : ''}`,
    ...faults,
    ...(cure ? [`cure: ${cure}`] : []),
    `code: ${error.code} (${error.status})`,
    ...(client && problem.type.startsWith('/') ? [`link: ${client.url}${problem.type}`] : []),
    ...(error.requestId ? [`request: ${error.requestId}`] : []),
  ]
    .map(visible)
    .join('\n');
}

/** The text for a service that does not answer. */
export const noAnswerText = ({ message }: NoAnswerError): string =>
  visible(`error: ${message}\ncure: Start the service, or name another with --url; signalbox doctor looks further.`).replaceAll(
    '\\n',
    '\n',
  );

/** The exit code of anything that a call to the service can throw; undefined for what is none of it. */
export function exitCodeOfFailure(error: unknown): ExitCode | undefined {
  if (error instanceof ProblemError) return exitCodeOfStatus(error.status);
  return error instanceof NoAnswerError ? exitCodes.unavailable : undefined;
}
