import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { showProgress } from './fetch-progress.js';

const megabyte = 1_000_000;

function shownBy(use: (output: PassThrough) => void): string {
  const output = new PassThrough();
  use(output);
  return String(output.read());
}

describe('showProgress without a terminal', () => {
  it('writes a line at the start, one for each ten megabytes, and one at the end', () => {
    const lines = shownBy((output) => {
      const progress = showProgress(output, 'Fetching X', 42 * megabyte);
      for (let fetched = 0; fetched <= 42; fetched += 3) progress.at(fetched * megabyte);
      progress.end(null);
    });
    expect(lines).toBe('Fetching X …\n  12 MB of 42 MB\n  24 MB of 42 MB\n  36 MB of 42 MB\n  done\n');
  });

  it('says why there is no more', () => {
    const lines = shownBy((output) => showProgress(output, 'Fetching X', null).end('no answer within 8 s'));
    expect(lines).toBe('Fetching X …\n  not available: no answer within 8 s\n');
  });
});

describe('showProgress on a terminal', () => {
  it('draws a bar that ends full', () => {
    const drawn = shownBy((output) => {
      const progress = showProgress(Object.assign(output, { isTTY: true, columns: 120 }), 'Fetching X', 42 * megabyte);
      progress.at(21 * megabyte);
      progress.end(null);
    });
    expect(drawn).toContain('Fetching X');
    expect(drawn).toContain('100 % of 42 MB');
  });
});
