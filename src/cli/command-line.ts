import { Command, CommanderError } from 'commander';
import type { CommandIo } from './command-io.js';
import { tokenCommand } from './commands/token.js';
import { CommandError, exitCodes } from './exit-codes.js';

/** Commander gives settings of the parent to commands made with `command()`, not to those added. */
function settle(command: Command, io: CommandIo): Command {
  command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err }).showHelpAfterError('Add --help to see what is possible.');
  for (const child of command.commands) settle(child, io);
  return command;
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
  const program = new Command('signalbox').description('Jobs, datasets and maintenance of a data platform.').addCommand(tokenCommand(io));
  try {
    await settle(program, io).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}
