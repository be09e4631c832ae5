import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NoAnswerError, ProblemError } from '../../client/index.js';
import { dataDirOf } from '../connection/connection.js';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { visible } from '../output/text.js';
import { ownVersion } from '../own-version.js';
import { verb, type Verb } from '../verb.js';
import { readinessOf } from './health.js';

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; null when there is nothing to do. */
  readonly cure: string | null;
}

const good = (name: string, detail: string): Finding => ({ name, ok: true, detail, cure: null });
const bad = (name: string, detail: string, cure: string): Finding => ({ name, ok: false, detail, cure });

const tolerableSkewMs = 5_000;

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return fits ? good('node', process.version) : bad('node', process.version, 'Use Node 20.19 or newer.');
}

/** Secrets of an embedded service must not be readable by others. */
async function checkDataDir(invocation: Invocation): Promise<Finding[]> {
  const dataDir = dataDirOf(invocation.io);
  const token = await stat(join(dataDir, 'admin-token')).catch(() => null);
  if (!token) return [];
  if ((token.mode & 0o077) !== 0)
    return [bad('data folder', `${dataDir}/admin-token can be read by others`, `chmod 600 ${dataDir}/admin-token`)];
  return [good('data folder', dataDir)];
}

async function checkSettings(invocation: Invocation): Promise<Finding> {
  const { readSettings, SettingsError } = await import('../../config/settings.js');
  try {
    const { warnings } = readSettings(invocation.io.env);
    const [first] = warnings;
    return first === undefined ? good('settings', 'usable') : bad('settings', warnings.join('; '), 'Correct the name, or remove it.');
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return bad('settings', error.problems.join('; '), 'Correct them; signalbox config print shows what is read.');
  }
}

/** Readiness with its named checks: what the service looks at when it starts, and goes on looking at. */
async function checkReadiness(invocation: Invocation): Promise<Finding[]> {
  const { status, checks } = await readinessOf(invocation);
  const cure = 'See the log of the service; the check and its message stand there.';
  return [
    status === 'ready' ? good('service', status) : bad('service', status, status === 'starting' ? 'Wait: it is starting.' : cure),
    ...checks.map(({ name, ok, detail }) => (ok ? good(name, detail ?? 'ok') : bad(name, detail ?? 'failed', cure))),
  ];
}

async function checkVersionAndClock(invocation: Invocation): Promise<Finding[]> {
  const before = Date.now();
  const response = await (await invocation.client()).send({ path: '/api/v1/version' });
  const { version } = (await response.json()) as { version: string };
  const skewMs = Math.abs(Date.parse(response.headers.get('date') ?? '') - (before + Date.now()) / 2);
  const own = ownVersion();
  return [
    version.startsWith(own)
      ? good('version', version)
      : bad('version', `service ${version}, this program ${own}`, 'Use the same version of both.'),
    skewMs > tolerableSkewMs
      ? bad('clock', `differs by ${Math.round(skewMs / 1_000)} s from the service`, 'Set this machine by NTP: tokens have times in them.')
      : good('clock', 'agrees with the service'),
  ];
}

async function checkToken(invocation: Invocation): Promise<Finding> {
  const { token, tokenFrom } = await invocation.connection();
  const cure = 'Name one with --token-file or SIGNALBOX_TOKEN; signalbox token create makes one for an embedded service.';
  if (token === null) return bad('token', 'there is none', cure);
  try {
    await invocation.request('GET', '/api/v1/jobs', { query: { limit: 1 } });
    return good('token', `accepted, from ${tokenFrom}`);
  } catch (error) {
    if (error instanceof ProblemError) return bad('token', `${error.code}: ${error.message} (from ${tokenFrom})`, cure);
    throw error;
  }
}

/** Everything that needs a service; the first silence ends it. */
async function checkService(invocation: Invocation): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { url, urlFrom } = await invocation.connection();
    findings.push(good('address', `${url}, from ${urlFrom}`));
    findings.push(...(await checkReadiness(invocation)));
    findings.push(...(await checkVersionAndClock(invocation)));
    findings.push(await checkToken(invocation));
  } catch (error) {
    if (error instanceof CommandError) findings.push(bad('address', error.message, 'Start a service, or name one with --url.'));
    else if (error instanceof NoAnswerError) findings.push(bad('service', error.message, 'Start it, or correct the address.'));
    else if (error instanceof ProblemError) findings.push(bad('service', error.message, 'See the log of the service.'));
    else throw error;
  }
  return findings;
}

async function doctor(invocation: Invocation): Promise<ExitCode> {
  const findings = [checkNode(), await checkSettings(invocation), ...(await checkDataDir(invocation)), ...(await checkService(invocation))];
  const healthy = findings.every(({ ok }) => ok);
  invocation.printer.one({ healthy, findings }, ({ red, green }) =>
    findings.flatMap(({ name, ok, detail, cure }) => [
      `${ok ? green('ok    ') : red('failed')} ${name.padEnd(12)} ${visible(detail)}`,
      ...(cure ? [`       ${' '.repeat(12)} ${visible(cure)}`] : []),
    ]),
  );
  return healthy ? exitCodes.done : exitCodes.unexpected;
}

/** `signalbox doctor`. */
export const doctorVerbs: readonly Verb[] = [
  verb({
    name: 'doctor',
    summary: 'Look at this machine, the settings, the service and the token; exit 1 when something is wrong.',
    examples: ['doctor'],
    run: (invocation) => doctor(invocation),
  }),
];
