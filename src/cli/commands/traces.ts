import { Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation, ListFlags } from '../invocation.js';
import { collect, instant, listOptions } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { ProgressLine } from '../waiting/progress-line.js';
import { waitUntil } from '../waiting/wait-until.js';
import { type Trace, traceColumns, traceEventColumns, traceLine, traceLines } from './trace-output.js';

interface TraceListFlags extends ListFlags {
  readonly dataset?: readonly string[];
  readonly component?: readonly string[];
  readonly state?: readonly string[];
  readonly startedAfter?: string;
  readonly startedBefore?: string;
  readonly file?: string;
  readonly search?: string;
}

const pathOf = (traceId: string | undefined, part = ''): string => `/api/v1/traces/${encodeURIComponent(traceId ?? '')}${part}`;

function listTraces(invocation: Invocation, { limit, all, file, search, ...named }: TraceListFlags): Promise<void> {
  const query = { ...named, ...(file !== undefined && { s3Path: file }), ...(search !== undefined && { q: search }) };
  return invocation.list('/api/v1/traces', {
    ...(limit && { limit }),
    ...(all && { all }),
    query,
    columns: traceColumns,
    empty: 'No trace fits.',
  });
}

/** Follows a trace until it has ended, with its progress on stderr. */
async function watchTrace(invocation: Invocation, traceId: string): Promise<ExitCode> {
  const line = new ProgressLine(invocation);
  const print = (trace: Trace) => {
    line.end();
    invocation.printer.one(trace, (paint) => traceLines(trace, paint));
  };
  const first = await invocation.request<Trace>('GET', pathOf(traceId)); // an unknown trace is told at once
  try {
    const trace = await waitUntil(invocation, {
      filter: { topic: ['trace'], subject: `traces/${traceId}` },
      first,
      read: () => invocation.request<Trace>('GET', pathOf(traceId)),
      done: ({ state }) => state !== 'running',
      onValue: (value) => line.show(traceLine(value)),
      onTimeout: print,
      what: `trace ${traceId}`,
    });
    print(trace);
    return trace.state === 'finished' ? exitCodes.done : exitCodes.jobNotCompleted;
  } finally {
    line.end();
  }
}

/** `signalbox traces`. */
export const traceVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List traces, newest first.',
    options: [
      new Option('--dataset <name>', 'may be repeated').argParser(collect),
      new Option('--component <name>', 'only those in which it took a step; may be repeated').argParser(collect),
      new Option('--state <state>', 'running, finished or failed; may be repeated').argParser(collect),
      new Option('--started-after <instant>', 'by the start of the first step').argParser(instant),
      new Option('--started-before <instant>', 'by the start of the first step').argParser(instant),
      new Option('--file <path>', 'path of the uploaded file, exactly'),
      new Option('--search <text>', 'beginning of an id, of a dataset name, or of the path of the file'),
      ...listOptions(),
    ],
    examples: ['traces list --state failed', 'traces list --dataset boligpriser --all --plain --fields traceId,state'],
    run: (invocation, _args, flags: TraceListFlags) => listTraces(invocation, flags),
  }),
  verb({
    name: 'get',
    args: '<traceId>',
    summary: 'Show one trace.',
    examples: ['traces get $TRACE', 'traces get $TRACE --plain --fields state'],
    run: async (invocation, [traceId]) => {
      const trace = await invocation.request<Trace>('GET', pathOf(traceId));
      invocation.printer.one(trace, (paint) => traceLines(trace, paint));
    },
  }),
  verb({
    name: 'events',
    args: '<traceId>',
    summary: 'List the events of a trace as they were received, by their start.',
    options: listOptions(),
    examples: ['traces events $TRACE'],
    run: (invocation, [traceId], flags: ListFlags) =>
      invocation.list(pathOf(traceId, '/events'), { ...flags, columns: traceEventColumns, empty: 'The trace has no event.' }),
  }),
  verb({
    name: 'watch',
    args: '<traceId>',
    summary: 'Follow a trace until it has ended; exit 8 when it failed. Ctrl-C ends the watching, not the trace.',
    examples: ['traces watch $TRACE --timeout 600'],
    run: (invocation, [traceId]) => watchTrace(invocation, traceId!),
  }),
];
