import { Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation, ListFlags } from '../invocation.js';
import { paintedStatus } from '../output/paint.js';
import { ago, visible } from '../output/text.js';
import { collect, instant, listOptions, reasonOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { maintenanceLines, type Maintenance } from './maintenance-output.js';
import { waitForQuiet } from '../waiting/quiet.js';

const path = '/api/v1/maintenance';

interface OnFlags {
  readonly reason: string;
  readonly ticket?: string;
  readonly until?: string;
  readonly autoResume?: true;
  readonly allowWorker?: readonly string[];
  readonly allowDataset?: readonly string[];
  readonly ifNumber?: string;
  readonly waitQuiet?: true;
}

const print = (invocation: Invocation, state: Maintenance): void =>
  invocation.printer.one(state, (paint) => maintenanceLines(state, paint));

function setSwitch(invocation: Invocation, body: object, ifNumber: string | undefined): Promise<Maintenance> {
  return invocation.request<Maintenance>('PUT', path, { body, headers: { 'if-match': ifNumber === undefined ? '*' : `"${ifNumber}"` } });
}

/** Prints the switch once it is quiet, or as it is when time is up. */
async function printQuiet(invocation: Invocation): Promise<void> {
  print(invocation, await waitForQuiet(invocation, (state) => print(invocation, state)));
}

async function turnOn(invocation: Invocation, flags: OnFlags): Promise<ExitCode | void> {
  const { waitQuiet, ifNumber, allowWorker, allowDataset, ...rest } = flags;
  const allow = allowWorker || allowDataset ? { allow: { workers: allowWorker ?? [], datasets: allowDataset ?? [] } } : {};
  const state = await setSwitch(invocation, { on: true, ...rest, ...allow }, ifNumber);
  if (!waitQuiet) return print(invocation, state);
  invocation.printer.note('Maintenance is on.');
  return printQuiet(invocation);
}

interface DeployCheck {
  readonly mayDeploy: boolean;
  readonly sentence: string;
  readonly blockers: readonly { readonly kind: string; readonly count: number; readonly items: readonly unknown[] }[];
}

async function deployCheck(invocation: Invocation): Promise<ExitCode> {
  const check = await invocation.request<DeployCheck>('GET', `${path}/deploy-check`);
  invocation.printer.one(check, () => [visible(check.sentence), ...check.blockers.map(({ kind, count }) => `  ${kind}: ${count}`)]);
  return check.mayDeploy ? exitCodes.done : exitCodes.conflict;
}

const ifNumberOption = (): Option =>
  new Option('--if-number <n>', 'only if the switch still has this number, as maintenance status shows it');

/** `signalbox maintenance`. */
export const maintenanceVerbs: readonly Verb[] = [
  verb({
    name: 'on',
    summary: 'Hand out no more jobs; with --wait-quiet wait until none runs (exit 0), or --timeout is over (exit 7).',
    options: [
      reasonOption(),
      new Option('--ticket <text>', 'the change in your own system'),
      new Option('--until <instant>', 'expected end, such as 2026-06-11T18:00:00Z or +2h').argParser(instant),
      new Option('--auto-resume', 'turn off by itself at the expected end'),
      new Option('--allow-worker <id>', 'a worker that may go on; may be repeated').argParser(collect),
      new Option('--allow-dataset <name>', 'a dataset whose jobs may go on; may be repeated').argParser(collect),
      ifNumberOption(),
      new Option('--wait-quiet', 'wait until no job runs'),
    ],
    examples: ['maintenance on --reason upgrade --ticket CHG-17 --wait-quiet --timeout 600'],
    run: (invocation, _args, flags: OnFlags) => turnOn(invocation, flags),
  }),
  verb({
    name: 'off',
    summary: 'Hand out jobs again.',
    options: [new Option('--reason <text>', 'why (default: the last reason stays)'), ifNumberOption()],
    examples: ['maintenance off'],
    run: async (invocation, _args, { reason, ifNumber }: { reason?: string; ifNumber?: string }) =>
      print(invocation, await setSwitch(invocation, { on: false, ...(reason && { reason }) }, ifNumber)),
  }),
  verb({
    name: 'status',
    summary: 'Show the switch and what still runs.',
    examples: ['maintenance status', 'maintenance status --plain --fields mode'],
    run: async (invocation) => print(invocation, await invocation.request<Maintenance>('GET', path)),
  }),
  verb({
    name: 'history',
    summary: 'List the changes of the switch, newest first.',
    options: listOptions(),
    examples: ['maintenance history --limit 5'],
    run: (invocation, _args, flags: ListFlags) =>
      invocation.list(`${path}/history`, {
        ...flags,
        columns: [
          { title: 'NUMBER', path: 'number' },
          { title: 'AT', path: 'at', show: ({ at }) => ago(at) },
          { title: 'ON', path: 'on', show: ({ on }, paint) => paintedStatus(on ? 'on' : 'off', paint) },
          { title: 'BY', path: 'actor.name' },
          { title: 'TICKET', path: 'ticket' },
          { title: 'REASON', path: 'reason' },
        ],
      }),
  }),
  verb({
    name: 'wait',
    summary: 'Wait until no job runs (exit 0); exit 7 when --timeout is over, 5 when the switch is or goes off.',
    examples: ['maintenance wait --timeout 60'],
    run: printQuiet,
  }),
  verb({
    name: 'deploy-check',
    summary: 'Say whether a deployment may begin: exit 0 when it may, 5 when not.',
    examples: ['maintenance deploy-check'],
    run: (invocation) => deployCheck(invocation),
  }),
];
