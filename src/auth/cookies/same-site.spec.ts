import { describe, expect, it } from '@jest/globals';
import { assertSameSite } from './same-site.js';

const from = (headers: Record<string, string>) => () =>
  assertSameSite({ headers: { cookie: 'a=b', ...headers }, host: 'Signalbox.example:8000' });

describe('assertSameSite', () => {
  it.each<[string, Record<string, string>]>([
    ['without the headers of a browser', {}],
    ['from a page of this service', { 'sec-fetch-site': 'same-origin' }],
    ['from an older browser on a page of this service', { origin: 'http://signalbox.example:8000' }],
    ['behind a proxy that ends TLS', { origin: 'https://signalbox.example:8000' }],
  ])('lets a request pass %s', (_kind, headers) => {
    expect(from(headers)).not.toThrow();
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { 'sec-fetch-site': 'same-site', origin: 'http://signalbox.example:8000' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://signalbox.example:8001' }],
    ['a sandboxed page', { origin: 'null' }],
  ])('refuses a request from %s', (_kind, headers) => {
    expect(from(headers)).toThrow(expect.objectContaining({ name: 'CompatError', status: 403 }));
  });

  it('does not look at requests without cookies', () => {
    expect(() => assertSameSite({ headers: { 'sec-fetch-site': 'cross-site' }, host: 'h' })).not.toThrow();
  });
});
