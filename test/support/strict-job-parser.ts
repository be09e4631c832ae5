/** A job as the worker's own parser knows it. */
export interface ParsedJob {
  readonly jobId: string;
  readonly status: string;
  readonly parameters: {
    readonly operation: string;
    readonly target: string;
    readonly description?: string | null;
    readonly releaseStatus?: string | null;
    readonly bumpManifesto?: Readonly<Record<string, unknown>> | null;
    readonly bumpFromVersion?: string | null;
    readonly bumpToVersion?: string | null;
  };
  readonly log: readonly { readonly at: string; readonly message: string }[];
  readonly createdAt: string;
  readonly createdBy: { readonly userId: string; readonly firstName: string; readonly lastName: string };
}

const statuses = new Set(
  'queued initiated validating decrypting transforming pseudonymizing enriching converting partitioning built importing completed failed'.split(
    ' ',
  ),
);
const operations = new Set('ADD CHANGE PATCH_METADATA SET_STATUS REMOVE ROLLBACK_REMOVE DELETE_DRAFT DELETE_ARCHIVE BUMP'.split(' '));
const releaseStatuses = new Set(['DRAFT', 'PENDING_RELEASE', 'PENDING_DELETE']);

type Fields = Record<string, unknown>;

function refuse(where: string, what: string): never {
  throw new Error(`the worker rejects the whole list: ${where} ${what}`);
}

function objectAt(value: unknown, where: string, allowed?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'is not an object');
  const extra = allowed ? Object.keys(value).filter((key) => !allowed.includes(key)) : [];
  if (extra.length > 0) refuse(where, `has the extra key ${extra[0]}`);
  return value as Fields;
}

function stringAt(fields: Fields, key: string, where: string): string {
  const value = fields[key];
  return typeof value === 'string' ? value : refuse(`${where}.${key}`, `is ${JSON.stringify(value)}, not a string`);
}

function memberOf(allowed: ReadonlySet<string>, value: string, where: string): string {
  return allowed.has(value) ? value : refuse(where, `is the unknown ${value}`);
}

function arrayAt(fields: Fields, key: string, where: string): unknown[] {
  const value = fields[key];
  return Array.isArray(value) ? value : refuse(`${where}.${key}`, 'is not an array');
}

/** ISO 8601 as the worker reads it: with or without fraction and zone; epoch numbers pass where the worker takes them. */
function checkInstant(value: unknown, where: string): void {
  if (typeof value === 'number') return;
  const iso = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;
  if (typeof value !== 'string' || !iso.test(value)) refuse(where, `is ${JSON.stringify(value)}, not a date-time`);
}

function checkManifesto(value: unknown, where: string): void {
  const manifesto = objectAt(value, where);
  for (const key of ['version', 'description', 'languageCode']) stringAt(manifesto, key, where);
  if (!Number.isInteger(manifesto['releaseTime'])) refuse(`${where}.releaseTime`, 'is not an integer');
  if (!('updateType' in manifesto)) refuse(`${where}.updateType`, 'is absent');
  if (manifesto['updateType'] !== null) stringAt(manifesto, 'updateType', where);
  const keys = ['name', 'description', 'operation', 'releaseStatus'];
  arrayAt(manifesto, 'dataStructureUpdates', where).forEach((entry, index) => {
    const at = `${where}.dataStructureUpdates[${index}]`;
    const update = objectAt(entry, at, keys);
    for (const key of keys) stringAt(update, key, at);
  });
}

function checkBump(parameters: Fields, where: string): void {
  for (const key of ['description', 'bumpFromVersion', 'bumpToVersion']) stringAt(parameters, key, where);
  if (parameters['target'] !== 'DATASTORE') refuse(`${where}.target`, 'of a BUMP is not DATASTORE');
  checkManifesto(parameters['bumpManifesto'], `${where}.bumpManifesto`);
}

function checkParameters(value: unknown, where: string): void {
  const parameters = objectAt(value, where);
  const operation = memberOf(operations, stringAt(parameters, 'operation', where), `${where}.operation`);
  stringAt(parameters, 'target', where);
  if (parameters['description'] != null) stringAt(parameters, 'description', where);
  if (parameters['releaseStatus'] != null)
    memberOf(releaseStatuses, stringAt(parameters, 'releaseStatus', where), `${where}.releaseStatus`);
  if (operation === 'BUMP') checkBump(parameters, where);
}

function checkLog(job: Fields, where: string): void {
  if (job['log'] === null || job['log'] === undefined) return;
  arrayAt(job, 'log', where).forEach((entry, index) => {
    const at = `${where}.log[${index}]`;
    const line = objectAt(entry, at, ['at', 'message']);
    checkInstant(line['at'], `${at}.at`);
    stringAt(line, 'message', at);
  });
}

/** Checks one job and returns it. @throws with the reason for which the worker would drop the list. */
export function parseJob(value: unknown, where = 'job'): ParsedJob {
  const job = objectAt(value, where);
  stringAt(job, 'jobId', where);
  memberOf(statuses, stringAt(job, 'status', where), `${where}.status`);
  checkParameters(job['parameters'], `${where}.parameters`);
  checkLog(job, where);
  checkInstant(job['createdAt'], `${where}.createdAt`);
  const names = ['userId', 'firstName', 'lastName'];
  const creator = objectAt(job['createdBy'], `${where}.createdBy`, names);
  for (const key of names) stringAt(creator, key, `${where}.createdBy`);
  return job as unknown as ParsedJob;
}

/**
 * Reads the answer of a job list as strictly as the worker does: one job that it cannot read makes the whole list unusable.
 * @throws with the first reason.
 * @see contracts/jobs.md 12.3
 */
export function parseJobList(text: string): ParsedJob[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) refuse('the answer', 'is not an array');
  return list.map((job, index) => parseJob(job, `jobs[${index}]`));
}

/** A maintenance answer as the worker reads it. */
export interface ParsedMaintenance {
  readonly msg: string;
  readonly paused: boolean;
  readonly timestamp: string;
}

/** Reads a maintenance answer as strictly as the worker does. @throws with the first reason. @see contracts/jobs.md 12.3 */
export function parseMaintenance(text: string): ParsedMaintenance {
  const answer = objectAt(JSON.parse(text), 'maintenance');
  stringAt(answer, 'msg', 'maintenance');
  stringAt(answer, 'timestamp', 'maintenance');
  if (typeof answer['paused'] !== 'boolean') refuse('maintenance.paused', 'is not a boolean');
  return answer as unknown as ParsedMaintenance;
}
