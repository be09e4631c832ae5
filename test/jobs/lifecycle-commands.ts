import { expect } from '@jest/globals';
import fc from 'fast-check';
import { compatStatuses } from '../../src/jobs/jobs-lifecycle.js';
import { cancel, edit, type JobsModel, type ModelJob, type ModelReport, report } from './lifecycle-model.js';
import { answerOf, type LifecycleSystem } from './lifecycle-system.js';

type JobCommand = fc.AsyncCommand<JobsModel, LifecycleSystem>;
type Expected = 'none' | 'right' | 'wrong';

const versionFor = (job: ModelJob, expected: Expected): number | undefined =>
  expected === 'none' ? undefined : expected === 'right' ? job.version : job.version + 7;

/** One call, told in one line, whose answer and traces are compared with the model's. `times` is how often it is sent. */
abstract class Command implements JobCommand {
  constructor(
    private readonly told: string,
    private readonly times: number,
  ) {}

  abstract check(model: Readonly<JobsModel>): boolean;
  abstract once(model: JobsModel, system: LifecycleSystem): Promise<void>;

  async run(model: JobsModel, system: LifecycleSystem): Promise<void> {
    for (let time = 0; time < this.times; time++) await this.once(model, system);
    await system.expectAgreement(model);
  }

  toString(): string {
    return this.times > 1 ? `${this.times} × ${this.told}` : this.told;
  }
}

class Create extends Command {
  constructor(
    private readonly dataset: number,
    private readonly prefix: () => string,
    times: number,
  ) {
    super(`create(${dataset})`, times);
  }

  check(): boolean {
    return true;
  }

  async once(model: JobsModel, system: LifecycleSystem): Promise<void> {
    const dataset = `${this.prefix()}_${this.dataset}`;
    const busy = model.activeOf(dataset) !== undefined;
    const id = await system.create(dataset);
    expect(id === null).toBe(busy);
    if (id !== null) model.create(dataset).id = id;
  }
}

/** A call about one of the jobs so far. */
abstract class JobCall extends Command {
  constructor(
    private readonly index: number,
    told: string,
    times: number,
  ) {
    super(`${told} of job ${index}`, times);
  }

  check(model: Readonly<JobsModel>): boolean {
    return model.jobs.length > 0;
  }

  /** Newest first, so that unfinished jobs are met more often than finished ones. */
  once(model: JobsModel, system: LifecycleSystem): Promise<void> {
    return this.call(model.jobs.at(-1 - (this.index % model.jobs.length))!, system);
  }

  protected abstract call(job: ModelJob, system: LifecycleSystem): Promise<void>;
}

class Report extends JobCall {
  constructor(
    index: number,
    private readonly given: ModelReport,
    times: number,
  ) {
    super(index, `report(${JSON.stringify(given)})`, times);
  }

  async call(job: ModelJob, system: LifecycleSystem): Promise<void> {
    expect(await system.reports.take(job.id, this.given, system.caller)).toBe(report(job, this.given));
  }
}

class Edit extends JobCall {
  constructor(
    index: number,
    private readonly given: { priority?: 'low' | 'normal' | 'high'; tags?: string[] },
    private readonly expected: Expected,
    times: number,
  ) {
    super(index, `edit(${JSON.stringify(given)}, ${expected})`, times);
  }

  async call(job: ModelJob, system: LifecycleSystem): Promise<void> {
    const expected = versionFor(job, this.expected);
    const answer = await answerOf(system.jobs.edit(job.id, { edit: this.given, expected }, system.caller));
    expect(answer).toBe(edit(job, this.given, expected));
  }
}

class Cancel extends JobCall {
  constructor(
    index: number,
    private readonly given: { reason: string; force: boolean },
    private readonly expected: Expected,
    times: number,
  ) {
    super(index, `cancel(${JSON.stringify(given)}, ${expected})`, times);
  }

  async call(job: ModelJob, system: LifecycleSystem): Promise<void> {
    const expected = versionFor(job, this.expected);
    const answer = await answerOf(system.jobs.cancel(job.id, { ...this.given, expected }, system.caller));
    expect(answer).toBe(cancel(job, this.given.reason, { force: this.given.force, expected }));
  }
}

/** Texts that a careless store would read as expressions, paths or prototypes. */
const texts = fc.oneof(
  fc.constantFrom('$status', '$$NOW', '{"$ne":null}', 'a.b', '__proto__', '', ' ', 'Å', '🚦'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const times = fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) });
const index = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(4) });
const expected = fc.constantFrom<Expected>('none', 'none', 'right', 'wrong');
const unfinished = compatStatuses.filter((word) => word !== 'completed' && word !== 'failed');
const words = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...unfinished) },
  { weight: 1, arbitrary: fc.constantFrom(...compatStatuses) },
);
const reports: fc.Arbitrary<ModelReport> = fc
  .record({ status: words, description: texts, log: texts }, { requiredKeys: [] })
  .filter((given) => Object.keys(given).length > 0);
const edits = fc.record(
  { priority: fc.constantFrom('low', 'normal', 'high'), tags: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }) },
  { requiredKeys: [] },
);
const cancels = fc.record({ reason: texts, force: fc.boolean() });

/** Sequences of calls about the jobs of three datasets. @param prefix of the present run's datasets */
export const commands = (prefix: () => string): fc.Arbitrary<Iterable<JobCommand>> =>
  fc.commands<JobsModel, LifecycleSystem, false>(
    [
      fc.tuple(fc.nat(2), times).map(([dataset, count]) => new Create(dataset, prefix, count)),
      fc.tuple(index, words, times).map(([job, status, count]) => new Report(job, { status }, count)),
      fc.tuple(index, reports, times).map(([job, given, count]) => new Report(job, given, count)),
      fc.tuple(index, edits, expected, times).map(([job, given, version, count]) => new Edit(job, given, version, count)),
      fc.tuple(index, cancels, expected, times).map(([job, given, version, count]) => new Cancel(job, given, version, count)),
    ] as fc.Arbitrary<JobCommand>[],
    { maxCommands: 40, size: 'max' },
  );
