import { Command, type Option } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { Invocation } from './invocation.js';

/** One command, such as `jobs list`. `O` is what its own options parse to. */
export interface VerbOf<O> {
  readonly name: string;
  /** Such as `<jobId>` or `[jobId...]`. */
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly Option[];
  /** Whole lines without `signalbox`; the tests run them. */
  readonly examples: readonly string[];
  /** @returns the exit code, where it is not 0 */
  readonly run: (invocation: Invocation, args: readonly string[], options: O) => Promise<ExitCode | void>;
}

export type Verb = VerbOf<never>;

/** Lets the type of the options be inferred from `run`. */
export const verb = <O>(spec: VerbOf<O>): Verb => spec;

/** Called with what commander parsed; the result is remembered as the exit code. */
export type RunVerb = (verb: Verb, args: readonly string[], command: Command) => Promise<void>;

/** The verb as a commander command. */
export function commandOf(spec: Verb, runVerb: RunVerb): Command {
  const command = new Command(spec.name).description(spec.summary);
  if (spec.args) command.arguments(spec.args);
  for (const option of spec.options ?? []) command.addOption(option);
  if (spec.examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  signalbox ${line}`).join('\n')}`);
  return command.action((...parsed: unknown[]) => {
    const args = parsed
      .slice(0, -2)
      .flat()
      .filter((each): each is string => typeof each === 'string');
    return runVerb(spec, args, command);
  });
}
