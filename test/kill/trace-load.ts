import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswerError, type Reply } from '../support/http-client.js';
import { step, TraceClient, type TraceEvent, upload } from '../traces/trace-client.js';
import type { LoadContext } from './load-client.js';
import type { TrackedTrace } from './ledger.js';

/**
 * A pipeline that creates traces and appends steps to them, several at once, and sends a step again until it is acknowledged, as the SDK does. Writes down what
 * was acknowledged.
 */
export class TraceLoad {
  #stopped = false;

  constructor(
    private readonly name: string,
    private readonly context: LoadContext,
  ) {}

  /** Works until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      const trace = await this.#create();
      if (trace) await this.#work(trace);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One POST. Anything but 200, 503 and a lost connection breaks a promise; undefined when it is unknown whether it took effect. */
  async #post(path: string, body: object): Promise<Reply | undefined> {
    const { victim, ledger, gate } = this.context;
    const reply = await gate.through(async () => {
      try {
        return await new TraceClient(victim.http, victim.bearer).post(path, body);
      } catch (error) {
        if (error instanceof NoAnswerError) ledger.violation(error.message);
        return undefined;
      }
    });
    if (reply?.status === 200) return reply;
    if (reply && reply.status !== 503) ledger.violation(`POST ${path} ${JSON.stringify(body)}: ${reply.status} ${reply.text}`);
    ledger.unknownOutcomes += 1;
    await sleep(randomInt(50, 300));
    return undefined;
  }

  async #create(): Promise<TrackedTrace | undefined> {
    const reply = await this.#post('/status', upload(this.name));
    return reply && this.context.ledger.trackTrace(reply.json<{ trace_id: string }>().trace_id);
  }

  async #work(trace: TrackedTrace): Promise<void> {
    const steps = Array.from({ length: randomInt(3, 12) }, (_, index) => index);
    await Promise.all(steps.map((index) => this.#append(trace, index, {})));
    const end = { trace_status: 'FINISHED', trace_event_status: randomInt(3) === 0 ? 'FAILED' : 'OK' };
    await this.#append(trace, steps.length, end);
    trace.ended = true;
  }

  async #append(trace: TrackedTrace, index: number, more: object): Promise<void> {
    const operation = `step ${index}`;
    const files = { files_incoming: [`in ${index}`], files_outgoing: [`out ${index}`] };
    const body = step(index, { operation, component: `c${index % 3}`, status_body: files, ...more });
    trace.sent.add(operation);
    for (;;) {
      const reply = await this.#post(`/status/${trace.traceId}`, body);
      if (!reply) continue;
      const { trace_event_id: id } = reply.json<TraceEvent>();
      trace.acknowledged.set(operation, id);
      this.context.ledger.acknowledgedWrites += 1;
      return;
    }
  }
}
