import { type Command, InvalidArgumentError, Option } from 'commander';

/** Flags that stand anywhere on the line, for every command. @see API.md 9 */
export interface GlobalFlags {
  readonly url?: string;
  readonly profile?: string;
  readonly tokenFile?: string;
  readonly json?: true;
  readonly jsonl?: true;
  readonly plain?: true;
  readonly fields?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
  readonly input: boolean;
  readonly color: boolean;
  readonly quiet?: true;
  readonly curl?: true;
}

/** A whole number from 1 on. */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1) throw new InvalidArgumentError('Write a whole number from 1 on.');
  return number;
}

function fieldNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('Write names with commas between them, such as jobId,status,lease.workerId.');
  return names;
}

const formats = { json: ['jsonl', 'plain'], jsonl: ['json', 'plain'], plain: ['json', 'jsonl'] };

/** Adds the flags to the program. */
export function addGlobalFlags(program: Command): Command {
  return program
    .option('--url <address>', 'address of the service (default: SIGNALBOX_URL, a profile, or the service of DATA_DIR)')
    .option('--profile <name>', 'connection of ~/.config/signalbox/profiles.json (default: SIGNALBOX_PROFILE)')
    .option(
      '--token-file <file>',
      'file with the bearer token, - is stdin (default: SIGNALBOX_TOKEN, the profile, or the admin token of DATA_DIR)',
    )
    .addOption(new Option('--json', 'print one JSON document, as the API answers it').conflicts(formats.json))
    .addOption(new Option('--jsonl', 'print one item of a list a line, as JSON').conflicts(formats.jsonl))
    .addOption(new Option('--plain', 'print values with tabs between them, without headings').conflicts(formats.plain))
    .addOption(new Option('--fields <names>', 'print only these, such as jobId,status,lease.workerId').argParser(fieldNames))
    .addOption(
      new Option('--timeout <seconds>', 'give up after so long: a request (default 60), or the whole of a wait').argParser(positiveInteger),
    )
    .option('--no-input', 'never ask anything')
    .option('--no-color', 'no colours; NO_COLOR does the same')
    .option('--quiet', 'print results and errors only')
    .option('--curl', 'tell on stderr each request as a curl command, the token left out');
}
