import type { Noun } from './noun.js';

/** Every noun, in the order of the help. */
export const nouns: readonly Noun[] = [
  { name: 'jobs', summary: 'Create, follow and steer jobs.', load: async () => (await import('./commands/jobs.js')).jobVerbs },
  { name: 'datasets', summary: 'What is known of each dataset.', load: async () => (await import('./commands/datasets.js')).datasetVerbs },
  {
    name: 'importables',
    summary: 'Files that wait for import.',
    load: async () => (await import('./commands/datasets.js')).importableVerbs,
  },
  {
    name: 'targets',
    summary: 'How the last job of each target ended.',
    load: async () => (await import('./commands/datasets.js')).targetVerbs,
  },
  {
    name: 'traces',
    summary: 'What happened to each upload, step by step.',
    load: async () => (await import('./commands/traces.js')).traceVerbs,
  },
  {
    name: 'lineage',
    summary: 'What was made from what.',
    load: async () => (await import('./commands/lineage.js')).lineageVerbs,
  },
  { name: 'workers', summary: 'Who works, and on what.', load: async () => (await import('./commands/workers.js')).workerVerbs },
  {
    name: 'maintenance',
    summary: 'The switch that stops the handing out of jobs.',
    load: async () => (await import('./commands/maintenance.js')).maintenanceVerbs,
  },
  { name: 'events', summary: 'Everything that changed.', load: async () => (await import('./commands/events.js')).eventVerbs },
  {
    name: 'import',
    summary: 'Take over the data of an original system.',
    load: async () => (await import('./commands/import.js')).importVerbs,
  },
  { name: 'token', summary: 'Tokens of the embedded issuer.', load: async () => (await import('./commands/token.js')).tokenVerbs },
  {
    name: 'serve',
    summary: 'Run the service.',
    alone: true,
    load: async () => (await import('./commands/serve.js')).serveVerbs,
  },
  {
    name: 'migrate',
    summary: 'Bring the database to this version, without serving.',
    alone: true,
    load: async () => (await import('./commands/serve.js')).migrateVerbs,
  },
  {
    name: 'login',
    summary: 'Keep the address and the token of a service.',
    alone: true,
    load: async () => (await import('./commands/login.js')).loginVerbs,
  },
  { name: 'config', summary: 'The settings of the service.', load: async () => (await import('./commands/config.js')).configVerbs },
  { name: 'demo', summary: 'Something to look at.', load: async () => (await import('./commands/demo.js')).demoVerbs },
  {
    name: 'health',
    summary: 'Whether the service can do its work.',
    alone: true,
    load: async () => (await import('./commands/health.js')).healthVerbs,
  },
  {
    name: 'doctor',
    summary: 'What is wrong here, and what to do about it.',
    alone: true,
    load: async () => (await import('./commands/doctor.js')).doctorVerbs,
  },
  {
    name: 'version',
    summary: 'Versions of this program and of the service.',
    alone: true,
    load: async () => (await import('./commands/version.js')).versionVerbs,
  },
  {
    name: 'completion',
    summary: 'Completion for bash, zsh or fish.',
    alone: true,
    load: async () => (await import('./commands/completion.js')).completionVerbs(nouns),
  },
];
