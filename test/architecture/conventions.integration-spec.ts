import { describe, expect, it } from '@jest/globals';
import { featureFolders, projectFile, sourceFiles } from './sources.js';

const sources = sourceFiles();

describe('sources', () => {
  it('name the query that each index serves, in a comment above it or above its group', () => {
    const silent = sources
      .filter(({ path }) => path.endsWith('.schema.ts'))
      .flatMap(({ path, text }) => {
        const lines = text.split('\n').map((line) => line.trim());
        const served = (at: number): boolean =>
          (/^\w*[sS]chema\.index\(/.test(lines[at] ?? '') && served(at - 1)) || /^(\/\/|\*\/)/.test(lines[at] ?? '');
        return lines.flatMap((line, at) => (/^\w*[sS]chema\.index\((?!\.\.\.)/.test(line) && !served(at - 1) ? [`${path}:${at + 1}`] : []));
      });
    expect(silent).toEqual([]);
  });

  it('change documents through the builders of src/database, never by a state read before', () => {
    const direct = sources.filter(
      ({ path, text }) => /\.(findOneAndReplace|replaceOne|findByIdAndUpdate|save)\(/.test(text) && path.endsWith('.store.ts'),
    );
    expect(direct.map(({ path }) => path)).toEqual([]);
  });

  it('start transactions in one place, beside the check that the server has them', () => {
    const starters = sources.filter(({ text }) => /\.(startSession|withTransaction|startTransaction)\(/.test(text));
    expect(starters.map(({ path }) => path)).toEqual(['src/database/server-check.ts', 'src/database/transactions.ts']);
  });
});

describe('feature folders', () => {
  it.each(featureFolders())('src/%s has one door and a README of at most 30 lines', (feature) => {
    expect(sources.map(({ path }) => path)).toContain(`src/${feature}/index.ts`);
    expect(projectFile(`src/${feature}/README.md`).trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });
});
