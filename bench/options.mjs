import { parseArgs } from 'node:util';

/** What `--help` prints. */
export const usage = `usage: npm run bench -- [options]

Measures the built service against a MongoDB that it starts itself, in a temporary folder, and prints a table and JSON.

  --quick            everything in small, in about a minute
  --only PARTS       some of: lifecycles, start, lists, stream, claims, protocol, events, traces,
                     lineage (with commas); memory comes with lifecycles
  --rounds N         interleaved rounds of lifecycles, claims, protocol, events and traces (7)
  --seconds N        length of one round (6)
  --warm-up N        lifecycles of each side before the first round (500)
  --clients N        parallel clients of the lifecycles (32)
  --jobs N           finished jobs in the large store (1000000)
  --queued N         queued jobs in the large store (1000)
  --requests N       requests of each kind of list page; the poll is asked five times as often (200)
  --starts N         starts of the service (9)
  --claim-jobs N     queued jobs of which 64 and 200 workers claim; more than they can in one round (20000)
  --streams N        live streams that are open at a time, at most 500 (200)
  --edges N          edges of the lineage graph (100000)
  --profile DIR      writes a CPU profile of the service under the lifecycles to DIR and sums it up by package
  --json FILE        writes the JSON to FILE instead of standard output
  --help             prints this

The program of the database is found or fetched as by npm start; MONGOD_BINARY names another one.
The status is 0 also where a goal is missed, and 1 when something went wrong.
`;

const whole = {
  rounds: 7,
  seconds: 6,
  warmUp: 500,
  clients: 32,
  jobs: 1_000_000,
  queued: 1_000,
  requests: 200,
  starts: 9,
  claimJobs: 20_000,
  streams: 200,
  edges: 100_000,
};
const quick = {
  rounds: 3,
  seconds: 2,
  warmUp: 100,
  clients: 32,
  jobs: 20_000,
  queued: 1_000,
  requests: 30,
  starts: 3,
  claimJobs: 5_000,
  streams: 50,
  edges: 10_000,
};

/** The parts of a run, in their order. */
const parts = ['lifecycles', 'start', 'lists', 'stream', 'claims', 'protocol', 'events', 'traces', 'lineage'];

const flagOf = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const parsed = (args) =>
  parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.keys(whole).map((name) => [flagOf(name), { type: 'string' }])),
      only: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

function numbersOf(values) {
  const defaults = values.quick ? quick : whole;
  return Object.fromEntries(
    Object.entries(defaults).map(([name, fallback]) => {
      const text = values[flagOf(name)];
      const number = text === undefined ? fallback : Number(text);
      if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${flagOf(name)} is a whole number above 0`);
      return [name, number];
    }),
  );
}

/**
 * The options of a run.
 * @param {string[]} args
 * @throws where one is unknown or has no sense
 */
export function readOptions(args) {
  const values = parsed(args);
  const only = values.only?.split(',') ?? parts;
  const unknown = only.find((part) => !parts.includes(part));
  if (unknown !== undefined) throw new Error(`--only: ${unknown} is none of ${parts.join(', ')}`);
  const numbers = numbersOf(values);
  if (numbers.jobs < 10_000) throw new Error('--jobs is 10000 or more, so that every list has several pages');
  return { ...numbers, only, quick: values.quick, help: values.help, profile: values.profile ?? null, json: values.json ?? null };
}
