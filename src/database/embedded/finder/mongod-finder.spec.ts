import { describe, expect, it } from '@jest/globals';
import { howToUpgrade, nothingFound } from './mongod-finder.js';

describe('nothingFound', () => {
  it('lists what was tried, in order, and the two cures', () => {
    expect(nothingFound(['MONGOD_BINARY: not set', 'mongod on the PATH: none there'], null)).toBe(
      [
        'No database program could be found or fetched (wanted: MongoDB 6.0 or newer). Tried, in this order:',
        '  MONGOD_BINARY: not set',
        '  mongod on the PATH: none there',
        'Install it and set MONGOD_BINARY to its mongod, or set MONGODB_URL to your own MongoDB replica set.',
      ].join('\n'),
    );
  });

  it('says which version the data need, and how to leave it', () => {
    const message = nothingFound([], '6.0.5');
    expect(message).toContain('wanted: MongoDB 6.0, which wrote the data');
    expect(message).toContain(howToUpgrade('6.0.5'));
  });
});
