import type { Invocation } from '../invocation.js';
import { ownVersion } from '../own-version.js';
import { verb, type Verb } from '../verb.js';

/** The version that the service says it has; null when there is none to ask. */
async function serviceVersion(invocation: Invocation): Promise<string | null> {
  try {
    const { url } = await invocation.connection();
    const response = await fetch(`${url}/api/v1/version`, { signal: AbortSignal.timeout(2_000) });
    return ((await response.json()) as { version: string }).version;
  } catch {
    return null;
  }
}

/** `signalbox version`. */
export const versionVerbs: readonly Verb[] = [
  verb({
    name: 'version',
    summary: 'Print the versions of this program and of the service, if there is one.',
    examples: ['version', 'version --json'],
    run: async (invocation) => {
      const versions = { commandLine: ownVersion(), service: await serviceVersion(invocation), node: process.version };
      invocation.printer.one(versions, () => [
        `signalbox ${versions.commandLine}`,
        ...(versions.service ? [`service   ${versions.service}`] : []),
        `node      ${versions.node}`,
      ]);
    },
  }),
];
