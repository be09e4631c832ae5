import { join, resolve } from 'node:path';
import { cleanEnv, type CleanedEnv } from 'envalid';
import { isReferenceOperation } from '../common/operations.js';
import { nearMisses } from './near-misses.js';
import { withCredentials, withSecretFiles } from './setting-files.js';
import {
  address,
  databaseIn,
  databaseName,
  exactlyTrue,
  integer,
  isNetwork,
  list,
  mongodbAddress,
  oneOf,
  text,
  unlessFalse,
} from './setting-types.js';

export const compatAuthModes = ['strict', 'reference'] as const;
export type CompatAuthMode = (typeof compatAuthModes)[number];

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** Every environment variable that the service reads, in the order of the README's table, which a test keeps equal. */
export const settingSpecs = {
  HOST: text({ default: undefined, desc: 'Address to listen on. Default: `127.0.0.1` with the embedded database, else `0.0.0.0`.' }),
  PORT: integer(0, 65_535)({ default: 8000, desc: 'Port to listen on; 0 takes a free one.' }),
  DATA_DIR: text({ default: './data', desc: 'Folder of the embedded database, its keys and tokens.' }),
  INPUT_DIR: text({ default: undefined, desc: 'Folder of the importable tar files. Default: `DATA_DIR/input`.' }),
  MONGODB_URL: mongodbAddress({
    default: undefined,
    desc: 'Your own MongoDB 6.0+ replica set. Without it the service starts its own database. Also `MONGODB_URL_FILE`.',
  }),
  MONGODB_DATABASE: databaseName({ default: undefined, desc: 'Database name. Default: the path of `MONGODB_URL`, else `signalbox`.' }),
  SECRETS_FILE: text({
    default: undefined,
    desc: 'JSON file with `MONGODB_USER` and `MONGODB_PASSWORD`, as the original job service has it.',
  }),
  MONGOD_BINARY: text({ default: undefined, desc: 'The `mongod` program for the embedded database. Default: found or fetched.' }),
  JWKS_URL: address(['https:', 'http:'], { httpOnLoopbackOnly: true })({
    default: undefined,
    desc: 'Key set that verifies tokens. Without it the service issues its own tokens, for one machine.',
  }),
  JWT_ISSUER: text({ default: undefined, desc: 'Required `iss` of bearer tokens; needed with `JWKS_URL`.' }),
  JWT_AUDIENCE: text({ default: undefined, desc: 'Required `aud` of bearer tokens; needed with `JWKS_URL`.' }),
  JWT_ROLES_CLAIM: text({ default: 'roles', desc: 'Claim with the roles: an array, or a string with spaces.' }),
  JWT_DATASETS_CLAIM: text({
    default: 'datasets',
    desc: 'Claim with the ids of the datasets whose traces a token may write and read: an array; `*` means all. Not looked at with `KEYCLOAK_SERVER`.',
  }),
  JWT_TYP: text({ default: undefined, desc: 'Required `typ` header of bearer tokens, such as `at+jwt`.' }),
  JWT_MAX_AGE_SECONDS: integer(1, 31_536_000)({ default: undefined, desc: 'Greatest age of a bearer token by its `iat`.' }),
  COMPAT_AUTH: oneOf(compatAuthModes)({
    default: 'strict',
    desc: '`strict`: the old routes ask for a bearer token. `reference`: they are as open as the originals were.',
  }),
  JWT_AUTH: unlessFalse({ default: true, desc: '`false`: compat `POST /jobs` takes no cookies; only with `COMPAT_AUTH=reference`.' }),
  STACK: text({ default: undefined, desc: '`qa` makes the audience of the job cookies `datastore-qa`.' }),
  BUMP_ENABLED: exactlyTrue({ default: false, desc: '`true` allows BUMP jobs.' }),
  JOBS_EXTRA_OPERATIONS: list(
    (word) => /^[A-Z][A-Z0-9_]*$/.test(word) && !isReferenceOperation(word),
    'names such as REINDEX, none of them one of the nine operations,',
  )({ default: [], desc: 'Operations beside the nine, native API only.' }),
  JOBS_MAX_FAILURES: integer(1, 100)({ default: 3, desc: 'Failures after which a job is failed, unless the job says otherwise.' }),
  JOBS_MAX_LOSSES: integer(1, 100)({ default: 3, desc: 'Lost attempts after which a job is failed.' }),
  JOBS_STALE_SECONDS: integer(
    1,
    31_536_000,
  )({ default: 3600, desc: 'Seconds of silence after which a running job without a lease is shown as stale.' }),
  JOBS_LEASE_SECONDS: integer(1, 3_600)({ default: 60, desc: 'Length of a lease, unless the claim says otherwise.' }),
  JOBS_MIN_LEASE_SECONDS: integer(1, 3_600)({ default: 15, desc: 'Shortest lease that a claim may ask for.' }),
  JOBS_RESCUE_GRACE_SECONDS: integer(
    0,
    3_600,
  )({ default: 60, desc: 'Seconds after a start or a database outage in which no ended lease is taken from its worker.' }),
  JOBS_BACKOFF_SECONDS: integer(
    1,
    900,
  )({ default: 10, desc: 'Pause before the second attempt of a failed job; doubled with each failure, at most 15 minutes.' }),
  COMPAT_MAX_REQUEUES: integer(
    1,
    1_000,
  )({ default: 10, desc: 'How often the old routes may put a running job back to `queued`; the next time it fails.' }),
  KEYCLOAK_SERVER: address(['https:', 'http:'], { httpOnLoopbackOnly: true })({
    default: undefined,
    desc: 'Keycloak that alone decides who may write which dataset on the trace routes under `/status-api`, such as `https://login.example.org`.',
  }),
  KEYCLOAK_REALM: text({ default: 'api-catalog', desc: 'Realm of the dataset permissions; with `KEYCLOAK_SERVER`.' }),
  KEYCLOAK_TIMEOUT_MS: integer(100, 8_000)({ default: 2_000, desc: 'Milliseconds for each try of a question to Keycloak.' }),
  RESOURCE_SERVER_CLIENT_ID: text({
    default: 'okdata-resource-server',
    desc: 'Client in Keycloak whose resources the datasets are; with `KEYCLOAK_SERVER`.',
  }),
  METRICS_TOKEN: text({ default: undefined, desc: 'When set, `/metrics` asks for it as bearer token. Also `METRICS_TOKEN_FILE`.' }),
  TRUSTED_PROXIES: list(isNetwork, 'addresses or networks')({ default: [], desc: 'Proxies whose `X-Forwarded-For` is believed.' }),
  RATE_LIMIT_PER_SECOND: integer(1, 1_000_000)({ default: undefined, desc: 'Requests per second and subject; more are answered 429.' }),
  MAINTENANCE_STOPS_CLOCKS: unlessFalse({
    default: true,
    desc: '`false`: time under maintenance counts against due times and run budgets.',
  }),
  SSE_MAX_CLIENTS: integer(1, 100_000)({ default: 500, desc: 'Open live streams of one process; more are answered 503.' }),
  OPENLINEAGE_URL: address(['https:', 'http:'])({
    default: undefined,
    desc: 'Receiver of OpenLineage events for every job attempt and trace step; without a path `/api/v1/lineage` is added. Without it none are sent.',
  }),
  OPENLINEAGE_API_KEY: text({
    default: undefined,
    desc: 'Bearer token for the receiver of OpenLineage events. Also `OPENLINEAGE_API_KEY_FILE`.',
  }),
  OPENLINEAGE_NAMESPACE: text({
    default: 'signalbox',
    desc: "Namespace of the platform's own jobs and datasets in OpenLineage events; its files are in `NAMESPACE/files`.",
  }),
  SHUTDOWN_GRACE_SECONDS: integer(1, 600)({ default: 25, desc: 'Time for running requests to finish at shutdown.' }),
  LOG_LEVEL: oneOf(logLevels)({ default: 'info', desc: '`trace`, `debug`, `info`, `warn` or `error`.' }),
  LOG_FORMAT: oneOf(['json', 'pretty'] as const)({ default: undefined, desc: '`json` or `pretty`. Default: pretty on a terminal.' }),
  COMMIT_ID: text({ default: undefined, desc: 'Version shown in logs and metrics beside the package version.' }),
} as const;

/** Read from `NAME_FILE` too: their values are secrets. */
export const secretSettings = [
  'MONGODB_URL',
  'METRICS_TOKEN',
  'OPENLINEAGE_API_KEY',
] as const satisfies readonly (keyof typeof settingSpecs)[];

/** Accepted because the original job service requires them, and without effect here. */
const ignoredSettings = ['DOCKER_HOST_NAME'];

type Cleaned = CleanedEnv<typeof settingSpecs>;

/** Thrown when the environment is not usable; the message has one line for each problem. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

const knownNames = [...Object.keys(settingSpecs), ...secretSettings.map((name) => `${name}_FILE`), ...ignoredSettings];

/** What is set and most likely not meant. */
const warningsOf = (env: NodeJS.ProcessEnv, values: Cleaned): string[] => [
  ...nearMisses(env, knownNames),
  ...(values.SECRETS_FILE && !values.MONGODB_URL ? ['SECRETS_FILE has no effect without MONGODB_URL'] : []),
];

/** Checks each value for itself. Those of settings that are not `sound` cannot be read. */
function clean(env: NodeJS.ProcessEnv, problems: string[]): { values: Cleaned; sound: (...names: readonly string[]) => boolean } {
  let wrong: readonly string[] = [];
  const known = Object.fromEntries(Object.keys(settingSpecs).map((name) => [name, env[name]]));
  const values = cleanEnv(known, settingSpecs, {
    reporter: ({ errors }) => {
      wrong = Object.keys(errors);
      problems.push(...Object.entries(errors).map(([name, error]) => `${name} ${error.message}`));
    },
  });
  return { values, sound: (...names) => !names.some((name) => wrong.includes(name)) };
}

/** What settings must be to each other. */
const rulesTogether: readonly { of: readonly (keyof Cleaned)[]; broken: (values: Cleaned) => boolean; problem: string }[] = [
  {
    of: ['JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'],
    broken: (values) => values.JWKS_URL !== undefined && !(values.JWT_ISSUER && values.JWT_AUDIENCE),
    problem: 'JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE: without them a token made for another service would be accepted',
  },
  {
    of: ['JOBS_LEASE_SECONDS', 'JOBS_MIN_LEASE_SECONDS'],
    broken: (values) => values.JOBS_LEASE_SECONDS < values.JOBS_MIN_LEASE_SECONDS,
    problem: 'JOBS_LEASE_SECONDS must not be less than JOBS_MIN_LEASE_SECONDS',
  },
  {
    of: ['OPENLINEAGE_URL'],
    broken: (values) => values.OPENLINEAGE_URL !== undefined && new URL(values.OPENLINEAGE_URL).username !== '',
    problem: 'OPENLINEAGE_URL must not hold credentials; OPENLINEAGE_API_KEY is for them',
  },
  {
    of: ['JWT_AUTH', 'COMPAT_AUTH'],
    broken: (values) => !values.JWT_AUTH && values.COMPAT_AUTH !== 'reference',
    problem: 'JWT_AUTH=false needs COMPAT_AUTH=reference',
  },
];

/** Checks settings against each other, as far as each for itself is right. */
function checkTogether({ values, sound }: ReturnType<typeof clean>, problems: string[]): void {
  for (const { of, broken, problem } of rulesTogether) if (sound(...of) && broken(values)) problems.push(problem);
}

/** The settings of one process, typed and with all defaults filled in. Paths are absolute. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly inputDir: string;
  /** Null: the embedded database. Holds credentials; never logged. */
  readonly mongodbUrl: string | null;
  readonly mongodbDatabase: string;
  readonly mongodBinary: string | null;
  /** Null: the embedded issuer. */
  readonly jwksUrl: string | null;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
  readonly jwtRolesClaim: string;
  readonly jwtDatasetsClaim: string;
  readonly jwtTyp: string | null;
  readonly jwtMaxAgeSeconds: number | null;
  readonly compatAuth: CompatAuthMode;
  /** False: compat `POST /jobs` takes no cookies. */
  readonly jwtAuth: boolean;
  readonly stack: string | null;
  readonly bumpEnabled: boolean;
  readonly jobsExtraOperations: readonly string[];
  readonly jobsMaxFailures: number;
  readonly jobsMaxLosses: number;
  readonly jobsStaleSeconds: number;
  readonly jobsLeaseSeconds: number;
  readonly jobsMinLeaseSeconds: number;
  readonly jobsRescueGraceSeconds: number;
  readonly jobsBackoffSeconds: number;
  readonly compatMaxRequeues: number;
  /** Null: the token's claim decides about datasets. */
  readonly keycloak: KeycloakSettings | null;
  readonly metricsToken: string | null;
  readonly trustedProxies: readonly string[];
  readonly rateLimitPerSecond: number | null;
  readonly maintenanceStopsClocks: boolean;
  readonly sseMaxClients: number;
  /** Null: no OpenLineage events are sent. */
  readonly openlineageUrl: string | null;
  readonly openlineageApiKey: string | null;
  readonly openlineageNamespace: string;
  readonly shutdownGraceSeconds: number;
  readonly logLevel: (typeof logLevels)[number];
  /** Null: pretty on a terminal, else JSON. */
  readonly logFormat: 'json' | 'pretty' | null;
  readonly commitId: string | null;
  /** Near misses in the environment, to be logged once. */
  readonly warnings: readonly string[];
}

/** Where dataset permissions are asked for. */
export interface KeycloakSettings {
  /** Without a slash at its end. */
  readonly server: string;
  readonly realm: string;
  readonly clientId: string;
  /** Of one try. */
  readonly timeoutMs: number;
}

/** The name under which settings are injected. */
export const SETTINGS = Symbol('settings');

/** Issuer and audience of the tokens that the embedded issuer signs. */
export const embeddedIssuer = { issuer: 'signalbox-embedded', audience: 'signalbox' } as const;

/** The settings of jobs and their workers. */
const jobSettingsOf = (values: Cleaned) => ({
  bumpEnabled: values.BUMP_ENABLED,
  jobsExtraOperations: values.JOBS_EXTRA_OPERATIONS,
  jobsMaxFailures: values.JOBS_MAX_FAILURES,
  jobsMaxLosses: values.JOBS_MAX_LOSSES,
  jobsStaleSeconds: values.JOBS_STALE_SECONDS,
  jobsLeaseSeconds: values.JOBS_LEASE_SECONDS,
  jobsMinLeaseSeconds: values.JOBS_MIN_LEASE_SECONDS,
  jobsRescueGraceSeconds: values.JOBS_RESCUE_GRACE_SECONDS,
  jobsBackoffSeconds: values.JOBS_BACKOFF_SECONDS,
  compatMaxRequeues: values.COMPAT_MAX_REQUEUES,
});

const keycloakOf = (values: Cleaned): KeycloakSettings | null =>
  values.KEYCLOAK_SERVER === undefined
    ? null
    : {
        server: values.KEYCLOAK_SERVER.replace(/\/+$/, ''),
        realm: values.KEYCLOAK_REALM,
        clientId: values.RESOURCE_SERVER_CLIENT_ID,
        timeoutMs: values.KEYCLOAK_TIMEOUT_MS,
      };

/** The settings of bearer tokens. */
const tokenSettingsOf = (values: Cleaned) => ({
  jwksUrl: values.JWKS_URL ?? null,
  jwtIssuer: values.JWKS_URL ? values.JWT_ISSUER! : embeddedIssuer.issuer,
  jwtAudience: values.JWKS_URL ? values.JWT_AUDIENCE! : embeddedIssuer.audience,
  jwtRolesClaim: values.JWT_ROLES_CLAIM,
  jwtDatasetsClaim: values.JWT_DATASETS_CLAIM,
  jwtTyp: values.JWT_TYP ?? null,
  jwtMaxAgeSeconds: values.JWT_MAX_AGE_SECONDS ?? null,
});

/** The settings of OpenLineage. */
const openlineageSettingsOf = (values: Cleaned) => ({
  openlineageUrl: values.OPENLINEAGE_URL ?? null,
  openlineageApiKey: values.OPENLINEAGE_API_KEY ?? null,
  openlineageNamespace: values.OPENLINEAGE_NAMESPACE,
});

/**
 * The settings in an environment.
 * @throws SettingsError naming every problem at once.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const { values, sound } = clean(withSecretFiles(env, secretSettings, problems), problems);
  checkTogether({ values, sound }, problems);
  const mongodbUrl = sound('MONGODB_URL', 'SECRETS_FILE') ? withCredentials(values.MONGODB_URL, values.SECRETS_FILE, problems) : undefined;
  if (problems.length > 0) throw new SettingsError(problems);
  const dataDir = resolve(values.DATA_DIR);
  return Object.freeze({
    host: values.HOST ?? (mongodbUrl ? '0.0.0.0' : '127.0.0.1'),
    port: values.PORT,
    dataDir,
    inputDir: values.INPUT_DIR ? resolve(values.INPUT_DIR) : join(dataDir, 'input'),
    mongodbUrl: mongodbUrl ?? null,
    mongodbDatabase: values.MONGODB_DATABASE ?? (mongodbUrl && databaseIn(mongodbUrl)) ?? 'signalbox',
    mongodBinary: values.MONGOD_BINARY ?? null,
    ...tokenSettingsOf(values),
    compatAuth: values.COMPAT_AUTH,
    jwtAuth: values.JWT_AUTH,
    stack: values.STACK ?? null,
    ...jobSettingsOf(values),
    keycloak: keycloakOf(values),
    metricsToken: values.METRICS_TOKEN ?? null,
    trustedProxies: values.TRUSTED_PROXIES,
    rateLimitPerSecond: values.RATE_LIMIT_PER_SECOND ?? null,
    maintenanceStopsClocks: values.MAINTENANCE_STOPS_CLOCKS,
    sseMaxClients: values.SSE_MAX_CLIENTS,
    ...openlineageSettingsOf(values),
    shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT ?? null,
    commitId: values.COMMIT_ID ?? null,
    warnings: warningsOf(env, values),
  });
}
