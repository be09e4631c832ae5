import { randomBytes } from 'node:crypto';
import type { HttpClient, Outgoing, Reply } from './http-client.js';
import { parseJob, parseJobList, type ParsedJob } from './strict-job-parser.js';

/** The result of one item of `POST /jobs`. */
export interface CreationResult {
  readonly status: string;
  readonly msg: string;
  readonly job_id?: string;
  readonly reason?: string;
}

/** A row of `GET /targets`. */
export interface TargetRow {
  readonly name: string;
  readonly lastUpdatedAt: string;
  readonly status: string;
  readonly lastUpdatedBy: { readonly userId: string; readonly firstName: string; readonly lastName: string };
  readonly action: readonly string[];
}

/** A target name that no other test uses. */
export const freshTarget = (prefix = 'T'): string => `${prefix}_${randomBytes(5).toString('hex').toUpperCase()}`;

/** The manifesto of a BUMP with the given entries of `name: releaseStatus`. */
export function manifesto(updates: Readonly<Record<string, string>> = {}, more: object = {}): object {
  const dataStructureUpdates = Object.entries(updates).map(([name, releaseStatus]) => ({
    name,
    description: `about ${name}`,
    operation: 'ADD',
    releaseStatus,
  }));
  return {
    version: '2.1.0.0',
    description: 'Second',
    releaseTime: 1_749_629_730,
    languageCode: 'no',
    updateType: 'MINOR',
    dataStructureUpdates,
    ...more,
  };
}

/** An item of `POST /jobs` that bumps the datastore. */
export function bump(updates: Readonly<Record<string, string>> = {}, more: object = {}): object {
  const versions = { bumpFromVersion: '2.0.0', bumpToVersion: '2.1.0' };
  return { operation: 'BUMP', target: 'DATASTORE', description: 'Second', bumpManifesto: manifesto(updates), ...versions, ...more };
}

function expectStatus(reply: Reply, status: number, what: string): Reply {
  if (reply.status !== status) throw new Error(`${what}: ${reply.status} ${reply.text}`);
  return reply;
}

/** A client of the job service's API that insists on the answers of the contract. */
export class CompatClient {
  constructor(
    readonly http: HttpClient,
    /** Sent with each request: cookies, a bearer token. */
    private readonly headers: Outgoing['headers'] = {},
  ) {}

  /** `POST /jobs`, which has to be 200. */
  async createAll(jobs: readonly object[]): Promise<CreationResult[]> {
    const reply = await this.http.post('/jobs', { jobs }, this.headers);
    return expectStatus(reply, 200, 'POST /jobs').json<CreationResult[]>();
  }

  /** Creates one job and returns its id. */
  async create(target: string, operation = 'ADD', more: object = {}): Promise<string> {
    return this.createItem({ operation, target, ...more });
  }

  /** Creates one job from a whole item and returns its id. */
  async createItem(item: object): Promise<string> {
    const [result] = await this.createAll([item]);
    if (!result?.job_id) throw new Error(`not created: ${JSON.stringify(result)}`);
    return result.job_id;
  }

  /** `PUT /jobs/{id}`, whatever the answer. */
  tryUpdate(jobId: string, change: object): Promise<Reply> {
    return this.http.put(`/jobs/${jobId}`, change, this.headers);
  }

  /** `PUT /jobs/{id}`, which has to be 200. */
  async update(jobId: string, change: object): Promise<void> {
    expectStatus(await this.tryUpdate(jobId, change), 200, `PUT /jobs/${jobId} ${JSON.stringify(change)}`);
  }

  /** The PUTs of the given statuses, one after the other. */
  async walk(jobId: string, ...statuses: readonly string[]): Promise<void> {
    for (const status of statuses) await this.update(jobId, { status });
  }

  /** `GET /jobs/{id}`, which has to be 200 and readable for the worker. */
  async job(jobId: string): Promise<ParsedJob> {
    return parseJob(expectStatus(await this.http.get(`/jobs/${jobId}`, this.headers), 200, `GET /jobs/${jobId}`).json());
  }

  /** The messages of a job's log. */
  async logOf(jobId: string): Promise<string[]> {
    return (await this.job(jobId)).log.map((entry) => entry.message);
  }

  /** A job list at the given path, read by the strict parser. */
  async list(path = '/jobs'): Promise<ParsedJob[]> {
    return parseJobList(expectStatus(await this.http.get(path, this.headers), 200, `GET ${path}`).text);
  }

  async targets(): Promise<TargetRow[]> {
    return expectStatus(await this.http.get('/targets', this.headers), 200, 'GET /targets').json<TargetRow[]>();
  }

  async targetRow(name: string): Promise<TargetRow | undefined> {
    return (await this.targets()).find((row) => row.name === name);
  }
}
