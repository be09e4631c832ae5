import { runCommandLine } from '../../src/cli/command-line.js';
import type { CommandIo } from '../../src/cli/command-io.js';

/** What a command line gave. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The words of a line, as a shell would split it: single quotes keep a word together. */
export const wordsOf = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);

/** Runs a line in this process. */
export async function run(line: string | readonly string[], env: NodeJS.ProcessEnv, io: Partial<CommandIo> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const words = typeof line === 'string' ? wordsOf(line) : line;
  const code = await runCommandLine(words, { env, out: (text) => (out += text), err: (text) => (err += text), ...io });
  return { code, out, err };
}
