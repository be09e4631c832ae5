import { Command, CommanderError } from 'commander';
import type { CommandIo } from './command-io.js';
import { CommandError, type ExitCode, exitCodes } from './exit-codes.js';
import { addGlobalFlags, type GlobalFlags } from './global-flags.js';
import type { Noun } from './noun.js';
import { nouns } from './nouns.js';
import { commandOf, type RunVerb } from './verb.js';

/** Commander gives settings of the parent to commands made with `command()`, not to those added. */
function settle(command: Command, io: CommandIo): Command {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Add --help to see what is possible.');
  for (const child of command.commands) settle(child, io);
  return command;
}

/** Flags whose next word is a value, so that `--profile jobs` names no noun. */
const valueFlags = new Set(['--url', '--profile', '--token-file', '--fields', '--timeout']);

/** The noun that the line is about. */
function nounOf(args: readonly string[]): Noun | undefined {
  const words = args.filter((word, index) => !word.startsWith('-') && !valueFlags.has(args[index - 1] ?? ''));
  const index = words.findIndex((word) => nouns.some(({ name }) => name === word));
  return nouns.find(({ name }) => name === words[index]);
}

/** The noun with its verbs. Only the noun of the line is loaded, so that no command pays for another. */
async function nounCommand(noun: Noun, runVerb: RunVerb): Promise<Command> {
  const verbs = await noun.load();
  const [only] = verbs;
  if (noun.alone && only) return commandOf(only, runVerb);
  const command = new Command(noun.name).description(noun.summary);
  for (const spec of verbs) command.addCommand(commandOf(spec, runVerb));
  return command;
}

async function programFor(args: readonly string[], runVerb: RunVerb): Promise<Command> {
  const program = addGlobalFlags(new Command('signalbox')).description('Jobs, datasets and maintenance of a data platform.');
  const asked = nounOf(args);
  for (const noun of nouns)
    program.addCommand(noun === asked ? await nounCommand(noun, runVerb) : new Command(noun.name).description(noun.summary));
  return program;
}

function exitCodeOf(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage; // its text is printed already
  if (error instanceof CommandError) {
    io.err(`error: ${error.message}\n`);
    return error.exitCode;
  }
  io.err(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  return exitCodes.unexpected;
}

/** Runs one command. Never rejects: the result is the exit code of the process. */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
  let code: ExitCode = exitCodes.done;
  const runVerb: RunVerb = async (spec, words, command) => {
    const { Invocation } = await import('./invocation.js');
    const flags: GlobalFlags = command.optsWithGlobals();
    const invocation = new Invocation(io, flags);
    code = (await invocation.run(() => spec.run(invocation, words, command.opts<never>()))) ?? exitCodes.done;
  };
  try {
    await settle(await programFor(args, runVerb), io).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}
