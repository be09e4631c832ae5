/** Exit codes of the command line. @see API.md 9 */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  notFound: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Thrown by a command that cannot do what was asked; the message says what to do instead, and is printed without a stack trace. */
export class CommandError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}
