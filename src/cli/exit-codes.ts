/** Exit codes of the command line. @see API.md 9 */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  forbidden: 3,
  notFound: 4,
  conflict: 5,
  invalid: 6,
  unavailable: 7,
  /** What was waited for ended badly: a job or a trace. */
  jobNotCompleted: 8,
  someFailed: 9,
  interrupted: 130,
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

const byStatus: Readonly<Record<number, ExitCode>> = {
  401: exitCodes.forbidden,
  403: exitCodes.forbidden,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  428: exitCodes.conflict,
  400: exitCodes.invalid,
  413: exitCodes.invalid,
  415: exitCodes.invalid,
  422: exitCodes.invalid,
  429: exitCodes.unavailable,
  502: exitCodes.unavailable,
  503: exitCodes.unavailable,
  504: exitCodes.unavailable,
};

/** The exit code that tells an HTTP status. */
export const exitCodeOfStatus = (status: number): ExitCode => byStatus[status] ?? exitCodes.unexpected;
