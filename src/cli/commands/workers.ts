import { Option } from 'commander';
import type { ListFlags } from '../invocation.js';
import { paintedStatus } from '../output/paint.js';
import type { Column } from '../output/column.js';
import { ago, shown, visible } from '../output/text.js';
import { listOptions, reasonOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';

interface HeldJob {
  readonly datasetName: string;
  readonly operation: string;
  readonly leaseExpiresAt: string;
}

const columns: readonly Column[] = [
  { title: 'WORKER', path: 'workerId' },
  { title: 'STATE', path: 'state', show: ({ state }, paint) => paintedStatus(shown(state), paint) },
  { title: 'VERSION', path: 'version' },
  { title: 'OPERATIONS', path: 'operations' },
  { title: 'SEEN', path: 'lastSeenAt', show: ({ lastSeenAt }) => ago(lastSeenAt) },
  { title: 'HOLDS', path: 'jobs', show: ({ jobs }) => heldText(jobs as HeldJob[] | undefined) },
];

const heldText = (jobs: readonly HeldJob[] = []): string =>
  jobs.length === 0
    ? '-'
    : visible(jobs.map(({ datasetName, operation, leaseExpiresAt }) => `${datasetName} ${operation} until ${leaseExpiresAt}`).join(', '));

const pathOf = (id: string | undefined, part = ''): string => `/api/v1/workers/${encodeURIComponent(id ?? '')}${part}`;

/** `signalbox workers`. */
export const workerVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List workers and what they hold.',
    options: [new Option('--state <state>', 'only these').choices(['alive', 'draining', 'lost']), ...listOptions()],
    examples: ['workers list', 'workers list --state lost --plain --fields workerId,lastSeenAt'],
    run: async (invocation, _args, { state, ...flags }: ListFlags & { state?: string }) => {
      await invocation.list('/api/v1/workers', { ...flags, query: { state }, columns, empty: 'No worker has claimed a job yet.' });
      if (invocation.printer.format !== 'human') return;
      const { unserved = [] } = await invocation.request<{ unserved?: { operation: string; since: string }[] }>('GET', '/api/v1/workers', {
        query: { limit: 1 },
      });
      for (const { operation, since } of unserved)
        invocation.printer.note(visible(`No worker can run ${operation}; a job waits for one since ${since}.`));
    },
  }),
  verb({
    name: 'get',
    args: '<workerId>',
    summary: 'Show one worker.',
    examples: ['workers get imp-3'],
    run: async (invocation, [id]) => invocation.printer.one(await invocation.request<object>('GET', pathOf(id))),
  }),
  verb({
    name: 'drain',
    args: '<workerId>',
    summary: 'Let a worker finish what it runs, and give it nothing more.',
    options: [reasonOption()],
    examples: ['workers drain imp-3 --reason upgrade'],
    run: async (invocation, [id], { reason }: { reason: string }) =>
      invocation.printer.one(await invocation.request<object>('PUT', pathOf(id, '/drain'), { body: { reason } })),
  }),
  verb({
    name: 'undrain',
    args: '<workerId>',
    summary: 'Give a worker jobs again.',
    examples: ['workers undrain imp-3'],
    run: async (invocation, [id]) => {
      const worker = await invocation.request<object | undefined>('DELETE', pathOf(id, '/drain'));
      if (worker) invocation.printer.one(worker);
    },
  }),
  verb({
    name: 'forget',
    args: '<workerId>',
    summary: 'Forget a worker that holds nothing, until it claims again.',
    examples: ['workers forget imp-3'],
    run: async (invocation, [id]) => {
      await invocation.request('DELETE', pathOf(id));
      invocation.printer.note(`Worker ${id} is forgotten.`);
    },
  }),
];
