import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { createLogger, type LogTarget } from './logger.js';
import { logBounds } from './loggable.js';

const settings = { logLevel: 'info', logFormat: null, commitId: 'c0ffee' } as const;

/** The text of the lines that `write` causes. */
function linesOf(write: (logger: Logger) => void, target: LogTarget = { terminal: false }): string {
  let written = '';
  write(createLogger(settings, { ...target, destination: { write: (text: string) => void (written += text) } }));
  return written;
}

const lineOf = (write: (logger: Logger) => void): Record<string, unknown> => JSON.parse(linesOf(write)) as Record<string, unknown>;

describe('a JSON log line', () => {
  it('has time, level as a word, service, version and message, then the given fields', () => {
    const line = lineOf((logger) => logger.info({ requestId: 'r-1', jobId: '7b0c', durationMs: 3 }, 'responded'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'signalbox',
      version: expect.stringMatching(/^\d+\.\d+\.\d+\+c0ffee$/),
      requestId: 'r-1',
      jobId: '7b0c',
      durationMs: 3,
      message: 'responded',
    });
  });

  it('names the code of an error beside its description, with its causes', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('no database', { cause }), { code: 'SERVICE.UNAVAILABLE' });
    const line = lineOf((logger) => logger.error(error, 'failed'));
    expect(line['error.code']).toBe('SERVICE.UNAVAILABLE');
    expect(line['error']).toMatchObject({ name: 'Error', message: 'no database', cause: { code: 'ECONNREFUSED', message: 'refused' } });
  });

  it('keeps a code that was given apart from the error', () => {
    const line = lineOf((logger) => logger.error({ 'error.code': 'SERVICE.UNEXPECTED', err: new Error('boom') }, 'failed'));
    expect(line).toMatchObject({ 'error.code': 'SERVICE.UNEXPECTED', error: { message: 'boom' } });
    expect(line).not.toHaveProperty('err');
  });

  it.each(['authorization', 'Cookie', 'set-cookie', 'leaseToken', 'MONGODB_PASSWORD', 'secretKey', 'x-api-key', 'webhookSignature'])(
    'hides the value of %s at any depth',
    (name) => {
      const text = linesOf((logger) => logger.info({ [name]: 'hunter2hunter2', headers: { list: [{ [name]: 'hunter2hunter2' }] } }, 'x'));
      expect(text).not.toContain('hunter2');
      expect(text).toContain('[redacted]');
    },
  );

  it.each([
    ['mongodb://user:hunter2@db-1:27017,db-2/signalbox', 'db-1:27017'],
    ['mongodb+srv://user:hunter2@db.example', 'db.example'],
    ['Authorization: Bearer hunter2.hunter2.hunter2', 'Bearer [redacted]'],
    ['the token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0aaa.hunter2 is bad', 'is bad'],
    ['GET /x?a=1&access_token=hunter2&b=2', '&b=2'],
  ])('hides the secret in the text %s wherever it stands', (text, kept) => {
    for (const written of [
      linesOf((logger) => logger.info(text)),
      linesOf((logger) => logger.info({ path: text, deep: [{ text }] }, 'x')),
      linesOf((logger) => logger.error(new Error('outer', { cause: new Error(text) }))),
      linesOf((logger) => logger.child({ path: text }).info('x')),
    ]) {
      expect(written).not.toContain('hunter2');
      expect(written).toContain(kept);
      expect(() => JSON.parse(written) as unknown).not.toThrow();
    }
  });

  it('cuts long texts, long lists and deep objects', () => {
    const deep = { a: { b: { c: { d: { e: { f: 'deep' } } } } } };
    const line = lineOf((logger) =>
      logger.info({ path: 'x'.repeat(1e6), deep, list: Array.from({ length: 1e5 }, () => 1) }, 'y'.repeat(1e6)),
    );
    expect(String(line['message']).length).toBeLessThan(logBounds.textLength + 40);
    expect(String(line['path']).length).toBeLessThan(logBounds.textLength + 40);
    expect(line['list']).toHaveLength(logBounds.members);
    expect(JSON.stringify(line['deep'])).not.toContain('"deep"');
  });

  it('shows only the name of what is not plain data', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const line = lineOf((logger) =>
      logger.info({ buffer: Buffer.from('secret content'), cyclic, at: new Date(0), big: 10n, call: () => 1 }, 'x'),
    );
    expect(line).toMatchObject({ buffer: '[Buffer]', at: '1970-01-01T00:00:00.000Z', big: '10' });
    expect(line).not.toHaveProperty('call');
  });

  it('is one line without control or bidirectional characters, whatever the text', () => {
    const text = 'a\nb\u001b[31m\u009b\u202ec\u2028\u0000';
    const written = linesOf((logger) => logger.info({ path: text }, text));
    expect(written.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028]/); // eslint-disable-line no-control-regex -- the point of the test
    expect(JSON.parse(written)).toMatchObject({ message: text, path: text });
  });

  it('is left out below the level of the settings', () => {
    expect(linesOf((logger) => logger.debug('quiet'))).toBe('');
  });
});

describe('a line on a terminal', () => {
  const terminal = { terminal: true };

  it('is readable and keeps the fields', () => {
    const written = linesOf((logger) => logger.warn({ jobId: '7b0c' }, 'job is stale'), terminal);
    expect(written).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN.*: job is stale \{.*"jobId":"7b0c".*\}\n$/);
    expect(written).not.toContain('signalbox');
  });

  it('carries no control or bidirectional characters and no forged second line', () => {
    const written = linesOf(
      (logger) => logger.info({ path: '\u001b[2J\u202e' }, 'a\n[00:00:00] INFO: forged\u001b[31m\u009b\u202e'),
      terminal,
    );
    expect(written.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/); // eslint-disable-line no-control-regex -- the point of the test
  });

  it('shows the stack of an error and no secret', () => {
    const written = linesOf((logger) => logger.error(new Error('no route to mongodb://u:hunter2@db')), terminal);
    expect(written).toContain('logger.spec');
    expect(written).not.toContain('hunter2');
  });
});
