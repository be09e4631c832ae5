import { Option } from 'commander';
import type { components } from '../../client/index.js';
import type { ListFlags } from '../invocation.js';
import type { Column } from '../output/column.js';
import { ago, shown, visible } from '../output/text.js';
import { listOptions, yesOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { jobColumns } from './job-output.js';

type Dataset = components['schemas']['DatasetDto'];

const datasetColumns: readonly Column[] = [
  { title: 'DATASET', path: 'name' },
  { title: 'VERSION', path: 'version' },
  { title: 'ACTIVE JOB', path: 'activeJob.jobId', show: (item) => activeJobOf(item as unknown as Dataset) },
  { title: 'LAST OUTCOME', path: 'lastOutcome.status' },
  { title: 'WHY NOT CURRENT', path: 'whyNotCurrent', show: ({ whyNotCurrent }) => shown((whyNotCurrent as string[])[0]) },
];

const activeJobOf = ({ activeJob }: Dataset): string =>
  activeJob ? visible(`${activeJob.operation} ${activeJob.phase ?? activeJob.status}`) : '-';

const named = (noun: string, name: string | undefined, part = ''): string => `/api/v1/${noun}/${encodeURIComponent(name ?? '')}${part}`;

/** `signalbox datasets`. */
export const datasetVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List datasets by name.',
    options: listOptions(),
    examples: ['datasets list', 'datasets list --all --jsonl'],
    run: (invocation, _args, flags: ListFlags) => invocation.list('/api/v1/datasets', { ...flags, columns: datasetColumns }),
  }),
  verb({
    name: 'get',
    args: '<name>',
    summary: 'Show one dataset.',
    examples: ['datasets get ROAD_TRAFFIC'],
    run: async (invocation, [name]) => invocation.printer.one(await invocation.request<Dataset>('GET', named('datasets', name))),
  }),
  verb({
    name: 'why',
    args: '<name>',
    summary: 'Say why a dataset may not be current.',
    examples: ['datasets why ROAD_TRAFFIC'],
    run: async (invocation, [name]) => {
      const { whyNotCurrent } = await invocation.request<Dataset>('GET', named('datasets', name));
      const sentences = whyNotCurrent.length > 0 ? whyNotCurrent : ['Nothing speaks against its being current.'];
      invocation.printer.one({ name, whyNotCurrent }, () => sentences.map(visible));
    },
  }),
  verb({
    name: 'jobs',
    args: '<name>',
    summary: 'List the jobs of a dataset, newest first.',
    options: listOptions(),
    examples: ['datasets jobs ROAD_TRAFFIC --limit 5'],
    run: (invocation, [name], flags: ListFlags) => invocation.list(named('datasets', name, '/jobs'), { ...flags, columns: jobColumns }),
  }),
];

const importableColumns: readonly Column[] = [
  { title: 'NAME', path: 'name' },
  { title: 'SUGGESTED', path: 'suggestedOperation' },
  { title: 'ARCHIVED', path: 'isArchived' },
  { title: 'METADATA', path: 'hasMetadata' },
  { title: 'DATA', path: 'hasData' },
  { title: 'BYTES', path: 'sizeBytes' },
  { title: 'CHANGED', path: 'modifiedAt', show: ({ modifiedAt }) => ago(modifiedAt) },
  { title: 'ACTIVE JOB', path: 'activeJobId' },
];

/** `signalbox importables`. */
export const importableVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List the files that can be imported.',
    options: listOptions(),
    examples: ['importables list'],
    run: (invocation, _args, flags: ListFlags) =>
      invocation.list('/api/v1/importables', { ...flags, columns: importableColumns, empty: 'The input folder has no file to import.' }),
  }),
  verb({
    name: 'get',
    args: '<name>',
    summary: 'Show one file.',
    examples: ['importables get ROAD_TRAFFIC'],
    run: async (invocation, [name]) => invocation.printer.one(await invocation.request<object>('GET', named('importables', name))),
  }),
  verb({
    name: 'delete',
    args: '<name>',
    summary: 'Delete a file of the input folder.',
    options: [new Option('--reason <text>', 'why; stands in the history'), yesOption()],
    examples: ['importables delete OLD_DRAFT --reason broken --yes'],
    run: async (invocation, [name], { reason, yes }: { reason?: string; yes?: true }) => {
      await invocation.confirm(`Delete the file of ${name}?`, { yes: yes === true });
      await invocation.request('DELETE', named('importables', name), { query: { reason } });
      invocation.printer.note(`The file of ${name} is deleted.`);
    },
  }),
];

const targetColumns: readonly Column[] = [
  { title: 'TARGET', path: 'name' },
  { title: 'STATUS', path: 'status' },
  { title: 'ACTION', path: 'action', show: ({ action }) => visible((action as string[]).join(' ')) },
  { title: 'UPDATED', path: 'lastUpdatedAt', show: ({ lastUpdatedAt }) => ago(lastUpdatedAt) },
  { title: 'JOB', path: 'lastJobId' },
];

/** `signalbox targets`. */
export const targetVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List targets by name.',
    options: listOptions(),
    examples: ['targets list --json'],
    run: (invocation, _args, flags: ListFlags) => invocation.list('/api/v1/targets', { ...flags, columns: targetColumns }),
  }),
  verb({
    name: 'get',
    args: '<name>',
    summary: 'Show one target.',
    examples: ['targets get ROAD_TRAFFIC'],
    run: async (invocation, [name]) => invocation.printer.one(await invocation.request<object>('GET', named('targets', name))),
  }),
];
