import { describe, expect, it } from '@jest/globals';
import { opensDataOf, seriesOf } from './mongod-version.js';

describe('opensDataOf', () => {
  it.each([
    ['6.0.5', '6.0.5'],
    ['6.0.27', '6.0.5'],
    ['6.0.5', '6.0.27'],
    ['8.2.1', '8.0.17'],
  ])('lets %s open data of %s', (version, dataVersion) => {
    expect(opensDataOf(version, dataVersion)).toBe(true);
  });

  it.each([
    ['7.0.2', '6.0.5'],
    ['6.0.5', '7.0.2'],
    ['8.0.17', '8.2.1'],
  ])('does not let %s open data of %s', (version, dataVersion) => {
    expect(opensDataOf(version, dataVersion)).toBe(false);
  });
});

describe('seriesOf', () => {
  it('drops the patch number', () => {
    expect(seriesOf('6.0.27')).toBe('6.0');
  });
});
