import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompatError } from '../http/compat-error.js';
import { boolean, converted, enumeration, integer, list, model, nullable, optional, parseModel, string, type Model } from './pydantic.js';

const pause = model('PauseRequest', { msg: string, paused: boolean });
const entry = model('Entry', { name: string, releaseStatus: string });
const manifesto = model('Manifesto', { releaseTime: integer, updateType: nullable(string), entries: list(entry) }, { extra: 'ignore' });
const job = model(
  'Job',
  { operation: enumeration(['ADD', 'REMOVE', 'BUMP']), target: string, description: optional(string), bumpManifesto: optional(manifesto) },
  { rule: (value) => (value.operation === 'REMOVE' && value.description === undefined ? 'Must provide a description.' : undefined) },
);
const jobs = model('JobsRequest', { jobs: list(job) });

function refusalOf(type: Model<unknown>, input: unknown): string {
  try {
    parseModel(type, input);
  } catch (error) {
    if (error instanceof CompatError && error.status === 400) return error.message;
    throw error;
  }
  throw new Error('the input was accepted');
}

describe('parseModel', () => {
  it('answers the fields of a fitting object', () => {
    expect(parseModel(pause, { msg: '', paused: false })).toEqual({ msg: '', paused: false });
    expect(parseModel(jobs, { jobs: [] })).toEqual({ jobs: [] });
  });

  it('names model, path, reason, value and type of a single error', () => {
    expect(refusalOf(pause, { msg: 5, paused: true })).toBe(
      '1 validation error for PauseRequest\nmsg\n  Input should be a valid string [type=string_type, input_value=5, input_type=int]',
    );
  });

  it('lists all errors: fields in their declared order, then unknown keys', () => {
    expect(refusalOf(pause, { pause: 1, msg: null })).toBe(
      [
        '3 validation errors for PauseRequest',
        'msg',
        '  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]',
        'paused',
        "  Field required [type=missing, input_value={'pause': 1, 'msg': None}, input_type=dict]",
        'pause',
        '  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]',
      ].join('\n'),
    );
  });

  it('writes the path of nested errors with dots', () => {
    const message = refusalOf(jobs, { jobs: [{ operation: 'ADD', target: 'T' }, { operation: 'NOPE' }] });
    expect(message).toContain(
      "jobs.1.operation\n  Input should be 'ADD', 'REMOVE' or 'BUMP' [type=enum, input_value='NOPE', input_type=str]",
    );
    expect(message).toContain('jobs.1.target\n  Field required [type=missing,');
  });

  it.each([[null], [[]], ['text'], [7], [true], [undefined]])('refuses %p in place of the whole object without a path line', (input) => {
    expect(refusalOf(pause, input)).toMatch(
      /^1 validation error for PauseRequest\n {2}Input should be a valid dictionary or instance of PauseRequest \[type=model_type, /,
    );
  });

  it('accepts either spelling of a key, and refuses the second one of both', () => {
    expect(parseModel(entry, { name: 'A', release_status: 'DRAFT' })).toEqual({ name: 'A', releaseStatus: 'DRAFT' });
    expect(refusalOf(entry, { name: 'A', release_status: 'x', releaseStatus: 'y' })).toContain(
      '\nrelease_status\n  Extra inputs are not permitted',
    );
  });

  it('drops unknown keys only where the model ignores them', () => {
    const whole = { operation: 'BUMP', target: 'DATASTORE', bumpManifesto: { releaseTime: 1, updateType: null, entries: [], extra: {} } };
    expect(parseModel(job, whole).bumpManifesto).toEqual({ releaseTime: 1, updateType: null, entries: [] });
    const inner = { ...whole.bumpManifesto, entries: [{ name: 'A', releaseStatus: 'DRAFT', extra: 1 }] };
    expect(refusalOf(job, { ...whole, bumpManifesto: inner })).toContain('bumpManifesto.entries.0.extra\n');
  });

  it('takes null for a missing optional field, but not for a missing nullable one', () => {
    expect(parseModel(job, { operation: 'ADD', target: 'T', description: null })).toEqual({ operation: 'ADD', target: 'T' });
    expect(refusalOf(manifesto, { releaseTime: 1, entries: [] })).toContain('updateType\n  Field required');
  });

  it('asks the rule over several fields once all of them fit', () => {
    expect(refusalOf(jobs, { jobs: [{ operation: 'REMOVE', target: 'T' }] })).toContain(
      "jobs.0\n  Value error, Must provide a description. [type=value_error, input_value={'operation': 'REMOVE', 'target': 'T'}, input_type=dict]",
    );
    expect(parseModel(job, { operation: 'REMOVE', target: 'T', description: '' }).description).toBe('');
  });

  it.each([
    [true, true],
    [1, true],
    ['YES', true],
    ['on', true],
    ['T', true],
    ['y', true],
    ['1', true],
    ['True', true],
    [false, false],
    [0, false],
    ['No', false],
    ['OFF', false],
    ['f', false],
    ['n', false],
    ['0', false],
    ['FALSE', false],
  ])('reads %p as the boolean %p', (input, expected) => {
    expect(parseModel(pause, { msg: '', paused: input }).paused).toBe(expected);
  });

  it.each([['maybe'], [''], [' true'], [2], [-1], [0.5], [null], [[]], [{}]])('refuses %p as a boolean', (input) => {
    expect(refusalOf(pause, { msg: '', paused: input })).toMatch(/\npaused\n {2}Input should be a valid boolean/);
  });

  it.each([
    [7, 7],
    ['7', 7],
    [' +7 ', 7],
    ['-7', -7],
    ['7.0', 7],
    ['7_000', 7000],
    [1e15, 1e15],
  ])('reads %p as the integer %p', (input, expected) => {
    expect(parseModel(manifesto, { releaseTime: input, updateType: null, entries: [] }).releaseTime).toBe(expected);
  });

  it.each([
    [0.5],
    ['7.5'],
    ['x'],
    [''],
    ['0x10'],
    ['1e3'],
    [2 ** 53],
    ['9007199254740993'],
    [Infinity],
    [true],
    [null],
    [[7]],
    [{ $gt: 1 }],
  ])('refuses %p as an integer', (input) => {
    expect(refusalOf(manifesto, { releaseTime: input, updateType: null, entries: [] })).toMatch(
      /\nreleaseTime\n {2}Input should be a valid integer/,
    );
  });

  it('reads what a conversion makes of the input', () => {
    const query = model('Query', { operation: optional(converted((text) => String(text).split(','), list(enumeration(['ADD', 'BUMP'])))) });
    expect(parseModel(query, { operation: 'ADD,BUMP' })).toEqual({ operation: ['ADD', 'BUMP'] });
    expect(refusalOf(query, { operation: 'ADD,' })).toContain("operation.1\n  Input should be 'ADD' or 'BUMP'");
  });

  it('refuses lone surrogates and shows them escaped', () => {
    expect(refusalOf(pause, { msg: 'a\ud800', paused: true })).toContain("[type=string_unicode, input_value='a\\ud800', input_type=str]");
    expect(refusalOf(pause, { msg: '', paused: true, 'k\udfff\n': 1 })).toContain('\nk\\udfff\\n\n');
    expect(parseModel(pause, { msg: '😀', paused: true }).msg).toBe('😀');
  });

  it('does not mistake inherited names or prototype keys for fields', () => {
    expect(refusalOf(model('M', { toString: string }), {})).toContain('toString\n  Field required');
    expect(refusalOf(pause, JSON.parse('{"msg":"","paused":true,"__proto__":{"admin":true}}'))).toContain('__proto__\n  Extra inputs');
  });

  it('cuts long values and keys in the middle', () => {
    const message = refusalOf(pause, { msg: '', paused: 'x'.repeat(1_000_000), ['k'.repeat(1000)]: 1 });
    expect(message).toContain(`input_value='${'x'.repeat(24)}...${'x'.repeat(23)}', input_type=str`);
    expect(message).toContain(`\n${'k'.repeat(25)}...${'k'.repeat(24)}\n`);
  });

  it('shows the first 100 errors and counts the rest', () => {
    const message = refusalOf(jobs, { jobs: Array.from({ length: 50_000 }, () => ({})) });
    expect(message).toMatch(/^100000 validation errors for JobsRequest\n/);
    expect(message).toMatch(/\n\.\.\. and 99900 more$/);
    expect(message.split('\n')).toHaveLength(202);
  });

  it('survives deep nesting', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    expect(refusalOf(pause, { msg: deep, paused: deep, other: deep })).toMatch(/^3 validation errors/);
  });
});

const word = fc.string({ unit: 'binary' });
const anyJob = fc.record(
  { operation: fc.constantFrom('ADD' as const, 'BUMP' as const), target: word, description: word },
  { requiredKeys: ['operation', 'target'] },
);

describe('parseModel, for any input', () => {
  it('answers a value or throws a CompatError 400 that begins with the count, in well-formed single blocks', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, stringUnit: 'binary', withBigInt: true }), (input) => {
        try {
          parseModel(jobs, input);
        } catch (error) {
          expect(error).toBeInstanceOf(CompatError);
          expect((error as CompatError).message).toMatch(/^\d+ validation errors? for JobsRequest\n/);
          expect((error as CompatError).message).not.toMatch(/\p{Cs}/u);
        }
      }),
    );
  });

  it('answers every fitting list unchanged', () => {
    fc.assert(
      fc.property(fc.array(anyJob), (items) => {
        expect(parseModel(jobs, { jobs: items })).toEqual({ jobs: items });
      }),
    );
  });

  it('counts every unknown key', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { maxLength: 20 }), (names) => {
        const unknown = names.filter((name) => name !== 'msg' && name !== 'paused');
        const input = Object.fromEntries([['msg', ''], ['paused', true], ...unknown.map((name) => [name, 1])]) as object;
        if (unknown.length === 0) expect(parseModel(pause, input)).toEqual({ msg: '', paused: true });
        else expect(refusalOf(pause, input)).toMatch(new RegExp(`^${unknown.length} validation error`));
      }),
    );
  });

  it('accepts exactly the same objects in snake_case', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (name, releaseStatus) => {
        const outcome = (input: unknown): unknown => {
          try {
            return parseModel(entry, input);
          } catch (error) {
            return (error as Error).message.split(' [')[0];
          }
        };
        expect(outcome({ name, release_status: releaseStatus })).toEqual(outcome({ name, releaseStatus }));
      }),
    );
  });
});
