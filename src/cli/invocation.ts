import { createClient, NoAnswerError, type Page, ProblemError, type Query, type SignalboxClient } from '../client/index.js';
import type { CommandIo } from './command-io.js';
import { type Connection, connectionOf } from './connection/connection.js';
import { curlOf } from './connection/curl.js';
import { CommandError, type ExitCode, exitCodes } from './exit-codes.js';
import type { GlobalFlags } from './global-flags.js';
import { exitCodeOfFailure, noAnswerText, problemText } from './output/error-text.js';
import type { Column } from './output/column.js';
import { Printer } from './output/printer.js';

/** How much of a list is asked for. */
export interface ListFlags {
  readonly limit?: number;
  readonly all?: true;
}

const pageLimit = 200;
const usualLimit = 50;

type Item = Readonly<Record<string, unknown>>;

/** One command as it runs: its flags, its connection, and where its results go. */
export class Invocation {
  readonly printer: Printer;
  private connected: Promise<{ connection: Connection; client: SignalboxClient }> | undefined;

  constructor(
    readonly io: CommandIo,
    readonly flags: GlobalFlags,
  ) {
    this.printer = new Printer(io, flags);
  }

  /** Runs the command, and prints what goes wrong. @throws CommandError and unexpected errors */
  async run(work: () => Promise<ExitCode | void>): Promise<ExitCode | void> {
    try {
      return await work();
    } catch (error) {
      if (this.io.signal?.aborted) return exitCodes.interrupted;
      if (error instanceof ProblemError) this.io.err(`${await problemText(error, await this.client().catch(() => null))}\n`);
      else if (error instanceof NoAnswerError) this.io.err(`${noAnswerText(error)}\n`);
      const code = exitCodeOfFailure(error);
      if (code === undefined) throw error;
      return code;
    }
  }

  /** Where this command goes. @throws CommandError when there is no service to go to */
  async connection(): Promise<Connection> {
    return (await this.connect()).connection;
  }

  /** The client of the service. @throws CommandError when there is no service to go to */
  async client(): Promise<SignalboxClient> {
    return (await this.connect()).client;
  }

  /** One call; its body. */
  async request<T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    more: { query?: Query; body?: unknown; headers?: Record<string, string>; timeoutMs?: number } = {},
  ): Promise<T> {
    const client = await this.client();
    return client.request<T>({ method, path, ...more, ...(this.io.signal ? { signal: this.io.signal } : {}) });
  }

  /** Prints a list: 50 items, or as many as asked for, page after page. */
  async list(
    path: string,
    { query = {}, columns, limit, all, empty }: ListFlags & { query?: Query; columns: readonly Column[]; empty?: string },
  ): Promise<void> {
    const most = all ? Infinity : (limit ?? usualLimit);
    const streamed = this.printer.format === 'jsonl' || this.printer.format === 'plain';
    const items: Item[] = [];
    let count = 0;
    let page: Page<Item>;
    let cursor: string | undefined;
    do {
      page = await this.request<Page<Item>>('GET', path, { query: { ...query, cursor, limit: Math.min(pageLimit, most - count) } });
      count += page.items.length;
      if (streamed) for (const item of page.items) this.printer.item(item, columns);
      else items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && count < most);
    if (!streamed) await this.printer.page({ ...page, items }, columns);
    if (this.printer.format !== 'human') return;
    if (count === 0) this.printer.note(empty ?? 'None.');
    else if (cursor !== undefined) this.printer.note(`These are the first ${count}. Add --all or --limit N for more.`);
  }

  /** True when a person can be asked. */
  get canAsk(): boolean {
    return this.flags.input && this.io.ask !== undefined && this.io.terminal?.err === true;
  }

  /**
   * Goes on only when a person agrees, or agreed before by a flag. Never asks where there is nobody.
   * @throws CommandError with exit code 2 and the flag that is missing
   */
  async confirm(question: string, { yes, flag = '--yes' }: { yes: boolean; flag?: string }): Promise<void> {
    if (yes) return;
    if (!this.canAsk) throw new CommandError(exitCodes.usage, `${question} Add ${flag} to do it.`);
    const answer = await this.io.ask!(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError(exitCodes.usage, 'Nothing was done.');
  }

  private connect() {
    this.connected ??= connectionOf(this.flags, this.io).then((connection) => ({ connection, client: this.clientOf(connection) }));
    return this.connected;
  }

  private clientOf({ url, token }: Connection): SignalboxClient {
    const tell = (request: Request): void => void curlOf(request).then((line) => this.io.err(`${line}\n`));
    return createClient({
      url,
      token,
      ...(this.flags.timeout === undefined ? {} : { timeoutMs: this.flags.timeout * 1_000 }),
      ...(this.flags.curl ? { onRequest: tell } : {}),
    });
  }
}
