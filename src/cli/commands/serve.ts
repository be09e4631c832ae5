import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CommandIo } from '../command-io.js';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import { verb, type Verb } from '../verb.js';

/** What `npm start` runs. */
const program = fileURLToPath(new URL('../../bundle/main.js', import.meta.url));

const forwarded = ['SIGTERM', 'SIGHUP'] as const;

/** The exit code of the service as one of ours: 0, 2 for wrong settings, 130 for a stop that did not wait; else 1, also when a signal ended it. */
function exitCodeOf(code: number | null): ExitCode {
  const known = [exitCodes.done, exitCodes.usage, exitCodes.interrupted].find((each) => each === code);
  return known ?? exitCodes.unexpected;
}

/**
 * Runs the service's own program to its end, with this process's terminal and environment. Signals go on to it; it decides how it ends.
 * @throws CommandError when it is not built
 */
async function runProgram(args: readonly string[], { env, signal }: CommandIo): Promise<ExitCode> {
  if (!existsSync(program)) throw new CommandError(exitCodes.unexpected, 'The service is not built. Run npm run build.');
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], { env, stdio: 'inherit' });
  const forward = (name: NodeJS.Signals): void => void child.kill(name);
  const interrupt = (): void => forward('SIGINT');
  signal?.addEventListener('abort', interrupt, { once: true });
  for (const name of forwarded) process.on(name, forward);
  process.once('exit', interrupt); // a second Ctrl-C ends this process at once, and the service with it
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(exitCodeOf(code)));
    });
  } finally {
    signal?.removeEventListener('abort', interrupt);
    for (const name of forwarded) process.off(name, forward);
    process.off('exit', interrupt);
  }
}

/** `signalbox serve`. */
export const serveVerbs: readonly Verb[] = [
  verb({
    name: 'serve',
    summary: 'Run the service with the settings of the environment until Ctrl-C; signalbox config print shows them.',
    examples: ['serve'],
    run: ({ io }) => runProgram([], io),
  }),
];

/** `signalbox migrate`. */
export const migrateVerbs: readonly Verb[] = [
  verb({
    name: 'migrate',
    summary:
      'Bring the database of the environment to this version: collections, indexes, documents; exit 1 when it could not. May be repeated.',
    examples: ['migrate'],
    run: ({ io }) => runProgram(['migrate'], io),
  }),
];
