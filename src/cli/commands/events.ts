import { Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { positiveInteger } from '../global-flags.js';
import type { Invocation, ListFlags } from '../invocation.js';
import { ago } from '../output/text.js';
import type { Column } from '../output/column.js';
import { collect, instant, listOptions } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';

interface EventFlags extends ListFlags {
  readonly topic?: readonly string[];
  readonly type?: readonly string[];
  readonly subject?: string;
  readonly dataset?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly afterSeq?: string;
}

const columns: readonly Column[] = [
  { title: 'SEQ', path: 'seq' },
  { title: 'AT', path: 'time', show: ({ time }) => ago(time) },
  { title: 'TYPE', path: 'type' },
  { title: 'SUBJECT', path: 'subject' },
  { title: 'DATASET', path: 'data.datasetName' },
  { title: 'BY', path: 'data.actor.name' },
];

const filterOptions = (): Option[] => [
  new Option('--topic <topic>', 'job, trace, maintenance, worker, importable or openlineage; may be repeated').argParser(collect),
  new Option('--type <type>', 'such as job.failed; may be repeated').argParser(collect),
  new Option('--subject <path>', 'such as jobs/ID'),
  new Option('--dataset <name>', 'only of this dataset'),
  new Option('--actor <id>', 'only by this one'),
  new Option('--after-seq <n>', 'only what came after this number'),
];

async function tail(invocation: Invocation, { limit, ...filter }: EventFlags): Promise<ExitCode> {
  const { signal } = invocation.io;
  let printed = 0;
  for await (const message of (await invocation.client()).events(filter, signal ? { signal } : {})) {
    if (message.kind === 'reset') invocation.printer.note(`Events before number ${message.latestSeq} are not kept any more.`);
    if (message.kind !== 'event') continue;
    invocation.printer.item(
      message.event as unknown as Readonly<Record<string, unknown>>,
      columns.map(({ path }) => ({ title: path, path })),
    );
    if (limit !== undefined && ++printed >= limit) return exitCodes.done;
  }
  return exitCodes.interrupted;
}

/** `signalbox events`. */
export const eventVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List what happened, newest first.',
    options: [
      ...filterOptions(),
      new Option('--since <instant>', 'not before').argParser(instant),
      new Option('--until <instant>', 'before').argParser(instant),
      ...listOptions(),
    ],
    examples: ['events list --topic job --limit 20'],
    run: (invocation, _args, { limit, all, ...query }: EventFlags) =>
      invocation.list('/api/v1/events', {
        ...(limit && { limit }),
        ...(all && { all }),
        query: { ...query },
        columns,
        empty: 'Nothing has happened yet.',
      }),
  }),
  verb({
    name: 'tail',
    summary: 'Print what happens, as it happens, until Ctrl-C; --json prints one event a line.',
    options: [...filterOptions(), new Option('--limit <n>', 'end after so many').argParser(positiveInteger)],
    examples: ['events tail --topic job --json --limit 1 --after-seq 0'],
    run: (invocation, _args, flags: EventFlags) => tail(invocation, flags),
  }),
];
