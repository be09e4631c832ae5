import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from './page.js';
import { sendList } from './send-list.js';

/** Keeps what is sent. */
class SentReply {
  readonly headers: Record<string, string> = {};
  body: unknown;

  header(name: string, value: string): this {
    this.headers[name.toLowerCase()] = value;
    return this;
  }

  send(body: unknown): Promise<void> {
    this.body = body;
    return Promise.resolve();
  }
}

const pageOf = <T extends object>(items: readonly T[], nextCursor: string | null = null): Page<T> => ({
  items: [...items],
  nextCursor,
  prevCursor: null,
});

/** What a list of one page is sent as. */
async function sent(items: readonly object[], accept?: string): Promise<SentReply> {
  const reply = new SentReply();
  const request = {
    method: 'GET',
    url: '/api/v1/things',
    headers: { ...(accept !== undefined && { accept }) },
  } as unknown as FastifyRequest;
  await sendList({ request, reply: reply as unknown as FastifyReply }, { limit: 50 }, () => Promise.resolve(pageOf(items)));
  return reply;
}

const csvOf = async (items: readonly object[]): Promise<string> => String((await sent(items, 'text/csv')).body);

describe('what Accept asks for', () => {
  it.each([
    'text/csv',
    'TEXT/CSV',
    'text/csv, */*;q=0.1',
    'text/csv;q=0.2, application/json;q=0.1',
    'application/json;q=0.1,text/csv; charset=utf-8; q=0.3',
  ])('%s is CSV', async (accept) => {
    expect((await sent([{ a: 1 }], accept)).headers['content-type']).toBe('text/csv; charset=utf-8');
  });

  it.each([
    undefined,
    '',
    '*/*',
    'text/*',
    'application/json',
    'text/csv;q=0',
    'text/csv, application/json',
    'text/csv;q=0.5, application/json',
    'text/csv;q=0.5, application/json;q=0.5',
    'text/csvx',
    'text/html, application/xhtml+xml, */*;q=0.8',
  ])('%s is JSON', async (accept) => {
    const { headers, body } = await sent([{ a: 1 }], accept);
    expect(headers['content-type']).toBeUndefined();
    expect(body).toEqual(pageOf([{ a: 1 }]));
  });
});

describe('a list as CSV', () => {
  it('has a header, nothing for null, and JSON for what is no scalar', async () => {
    expect(
      await csvOf([
        { a: 1, b: null, c: ['x', { y: 'z' }] },
        { a: 'q"q', b: true, c: {} },
      ]),
    ).toBe('a,b,c\n1,,"[""x"",{""y"":""z""}]"\n"q""q",1,{}\n');
  });

  it('is empty without items', async () => {
    expect(await csvOf([])).toBe('');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
    'defuses %j, which a spreadsheet would take for a formula',
    async (text) => {
      const [, row] = (await csvOf([{ text }])).split(/\n(?=.)/);
      expect(row!.replace(/^"/, '').startsWith("'")).toBe(true);
    },
  );

  it('has no cell that begins as a formula, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n ",\'aä1') }), async (text) => {
        const csv = (await csvOf([{ text }])).slice('text\n'.length);
        return !/^"?[=+\-@\t\r]/.test(csv);
      }),
    );
  });
});

describe('a page', () => {
  it('has a Link to the next one', async () => {
    const reply = new SentReply();
    const request = { method: 'GET', url: '/api/v1/things?status=a', headers: {} } as unknown as FastifyRequest;
    await sendList({ request, reply: reply as unknown as FastifyReply }, { limit: 1 }, () => Promise.resolve(pageOf([{ a: 1 }], 'c-1')));
    expect(reply.headers['link']).toBe('</api/v1/things?status=a&cursor=c-1>; rel="next"');
  });
});
