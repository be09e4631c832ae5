/**
 * The allowed edges between features: the key may import the `index.ts` of each value, and of no other feature. Keep it acyclic: when an edge
 * would close a circle, the question belongs on the other side, or the reaction belongs to an event.
 */
const featureEdges = {
  auth: [],
  observability: ['auth'],
  'api-docs': ['auth', 'observability'],
  events: ['auth', 'observability'],
  targets: ['auth'],
  workers: ['auth', 'events', 'observability'],
  jobs: ['auth', 'events', 'maintenance', 'observability', 'targets', 'workers'],
  maintenance: ['auth', 'events', 'observability', 'workers'],
  datasets: ['auth', 'events', 'jobs'],
  traces: ['auth', 'events', 'jobs'],
  lineage: ['auth', 'events', 'observability', 'traces'],
};
const features = Object.keys(featureEdges);
const anyFeature = `^src/(${features.join('|')})/`;
const spec = '[.]spec[.]ts$';

/** Folders below every feature; they know none. */
const ground = '^src/(common|config|database)/';

const edgeRules = features.map((feature) => ({
  name: `edges-of-${feature}`,
  comment: `src/${feature} may use ${featureEdges[feature].join(', ') || 'no other feature'}; see the map at the top of .dependency-cruiser.cjs.`,
  severity: 'error',
  from: { path: `^src/${feature}/` },
  to: { path: anyFeature, pathNot: `^src/(${[feature, ...featureEdges[feature]].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...edgeRules,
    {
      name: 'features-through-index',
      comment: 'A feature is reached through its index.ts only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/(cli|import)/' },
      to: { path: anyFeature, pathNot: ['^src/$1/', '^src/[^/]+/index[.]ts$'] },
    },
    {
      name: 'command-line-edges',
      comment:
        "The command line is a client of the HTTP API. Of the features it sees only the issuer's keys, and not through the door, which loads the framework.",
      severity: 'error',
      from: { path: '^src/cli/', pathNot: spec },
      to: { path: anyFeature, pathNot: '^src/auth/issuer/' },
    },
    {
      name: 'client-knows-no-service',
      comment: 'The typed client knows the published API, and nothing of what stands behind it.',
      severity: 'error',
      from: { path: '^src/client/', pathNot: spec },
      to: { path: '^src/', pathNot: '^src/client/' },
    },
    {
      name: 'client-through-index',
      comment: 'The typed client is used as programs outside use it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/client/' },
      to: { path: '^src/client/', pathNot: '^src/client/index[.]ts$' },
    },
    {
      name: 'import-knows-shapes',
      comment:
        'Taking over data needs the shape and the pure rules of stored documents; it runs without the framework, so not through the doors.',
      severity: 'error',
      from: { path: '^src/import/', pathNot: spec },
      to: { path: anyFeature, pathNot: '([.]schema|-lifecycle|/job-changes|/job-parameters)[.]ts$' },
    },
    {
      name: 'import-is-loaded-late',
      comment: 'Only its command starts an import, and loads it when it is asked for: it brings the database driver.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/import/' },
      to: { path: '^src/import/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'wiring-through-index',
      comment: 'The files directly under src, and the process, put features together; they too see only the doors.',
      severity: 'error',
      from: { path: '^src/([^/]+[.]ts$|process/)' },
      to: { path: anyFeature, pathNot: '^src/[^/]+/index[.]ts$' },
    },
    {
      name: 'wiring-is-the-highest',
      comment: 'What puts the features together is used by nothing but the process.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/process/' },
      to: { path: '^src/([^/]+[.]ts$|process/)' },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one thing, or cut wrongly.',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { circular: true },
    },
    {
      name: 'ground-knows-no-feature',
      comment: 'src/common, src/config and src/database serve every feature and know none; features hand them what they need.',
      severity: 'error',
      from: { path: ground },
      to: { path: anyFeature },
    },
    {
      name: 'common-is-the-lowest',
      comment: 'src/common imports nothing of src but src/config.',
      severity: 'error',
      from: { path: '^src/common/' },
      to: { path: '^src/', pathNot: '^src/(common|config)/' },
    },
    {
      name: 'mongoose-in-stores',
      comment: 'The database is talked to in *.schema.ts, *.store.ts, *.module.ts and src/database.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['[.](schema|store|module)[.]ts$', '^src/database/', spec] },
      to: { path: '(^|/)node_modules/(mongoose|mongodb|@nestjs/mongoose)/' },
    },
    {
      name: 'edges-do-not-touch-stores',
      comment:
        'Controllers, tasks and commands ask a service; only a service, a module or the pure rules of a feature see its store or schema.',
      severity: 'error',
      from: { path: '[.](controller|task|command)[.]ts$' },
      to: { path: '[.](store|schema)[.]ts$' },
    },
    {
      name: 'stores-know-no-caller',
      comment: 'Direction: controller, task, command → service → store and pure rules.',
      severity: 'error',
      from: { path: '[.](store|schema)[.]ts$|-lifecycle[.]ts$' },
      to: { path: '[.](controller|service|task|module|dto)[.]ts$' },
    },
    {
      name: 'services-know-no-edge',
      comment: 'A service does not know who asks.',
      severity: 'error',
      from: { path: '[.]service[.]ts$' },
      to: { path: '[.](controller|module)[.]ts$' },
    },
    {
      name: 'sources-know-no-test',
      comment: 'What is shipped never imports tests, measurements or scripts.',
      severity: 'error',
      from: { path: '^src/', pathNot: spec },
      to: { path: ['^(test|bench|scripts)/', spec] },
    },
    {
      name: 'command-line-without-framework',
      comment:
        'The command line, and the client that it is made of, start six times as fast without Nest and mongoose. Nouns are loaded when they are asked for.',
      severity: 'error',
      from: { path: '^src/(cli|client)/', pathNot: [spec, '^src/cli/(signalbox|command-line|nouns|commands/import(-output)?)[.]ts$'] },
      to: { path: '(^|/)node_modules/(@nestjs|mongoose|mongodb|fastify|rxjs)/', reachable: true },
    },
    {
      name: 'nothing-unresolved',
      comment: 'An import that leads nowhere; what is built may not be built yet.',
      severity: 'error',
      from: { path: '^(src|test|bench|scripts)/' },
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
    {
      name: 'sources-use-shipped-packages',
      comment: 'What src imports stands under dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: spec },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
