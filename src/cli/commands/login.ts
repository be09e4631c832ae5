import type { components } from '../../client/index.js';
import { createClient } from '../../client/index.js';
import { keepProfile, profilesIn, textOf } from '../connection/profiles.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { verb, type Verb } from '../verb.js';

const profileName = /^[\w.-]{1,64}$/;
const triesMs = 10_000;

/** The name under which the service is kept: the one asked for, else the usual one. */
function nameFor({ flags, io }: Invocation): string {
  const name = flags.profile ?? io.env['SIGNALBOX_PROFILE'] ?? profilesIn(io).default ?? 'default';
  if (!profileName.test(name)) throw new CommandError(exitCodes.usage, 'A profile has 1 to 64 letters, digits or . _ - as its name.');
  return name;
}

/** The address that is kept: the one on the line, else that which the profile has already. */
function addressFor({ flags, io }: Invocation, name: string): string {
  const url = flags.url ?? profilesIn(io).profiles?.[name]?.url ?? io.env['SIGNALBOX_URL'];
  if (url === undefined) throw new CommandError(exitCodes.usage, 'Name the service with --url, such as https://signalbox.example.');
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new CommandError(exitCodes.usage, `${url} is no address such as https://signalbox.example.`);
  return url.replace(/\/+$/, '');
}

/** A token never stands on the line, where others could read it. */
async function tokenFor({ flags, io, canAsk }: Invocation, url: string): Promise<string> {
  const file = flags.tokenFile;
  if (file !== undefined && file !== '-') return textOf(file) ?? missing();
  if (file === '-') return (await io.readInput?.())?.trim() || missing();
  if (io.env['SIGNALBOX_TOKEN']) return io.env['SIGNALBOX_TOKEN'];
  return (canAsk && (await io.askSecret?.(`Token for ${url}: `))?.trim()) || missing();
}

const missing = (): never => {
  throw new CommandError(exitCodes.usage, 'There is no token: name its file with --token-file (- is stdin), or set SIGNALBOX_TOKEN.');
};

/** @throws ProblemError when the service refuses the token, NoAnswerError when there is no service */
async function assertAccepted(url: string, token: string): Promise<void> {
  const client = createClient({ url, token, retries: { tries: 1 }, timeoutMs: triesMs });
  await client.request<components['schemas']['JobPageDto']>({ path: '/api/v1/jobs', query: { limit: 1 } });
}

async function login(invocation: Invocation): Promise<void> {
  const name = nameFor(invocation);
  const url = addressFor(invocation, name);
  const token = await tokenFor(invocation, url);
  await assertAccepted(url, token);
  const tokenFile = keepProfile(invocation.io, name, { url, token });
  const usual = profilesIn(invocation.io).default === name;
  invocation.printer.one({ profile: name, url, tokenFile }, () => [
    `${url} accepts the token. ${usual ? 'Commands go there from now on.' : `Commands with --profile ${name} go there from now on.`}`,
  ]);
}

/** `signalbox login`. */
export const loginVerbs: readonly Verb[] = [
  verb({
    name: 'login',
    summary: 'Try a token at a service, and keep both under the name of --profile (default: default); the first one kept is the usual one.',
    examples: ['login --url https://signalbox.example --profile prod --token-file -'],
    run: (invocation) => login(invocation),
  }),
];
