import { describe, expect, it } from '@jest/globals';
import { secretSettings, settingSpecs } from '../../src/config/settings.js';
import { projectFile } from './sources.js';

const rows = [...projectFile('README.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|(.*)\|$/gm)].map(([, name, rest]) => ({
  name: name!,
  rest: rest!,
}));
const specs = Object.entries(settingSpecs) as unknown as readonly [string, { desc?: string }][];

describe('settings table of the README', () => {
  it('lists every setting and no other, in the order of their declaration', () => {
    expect(rows.map(({ name }) => name)).toEqual(specs.map(([name]) => name));
  });

  it('says of each what its declaration says', () => {
    const different = specs.filter(([name, { desc }]) => !rows.find((row) => row.name === name)?.rest.includes(desc ?? 'no description'));
    expect(different.map(([name]) => name)).toEqual([]);
  });

  it('names the file variant of every secret', () => {
    for (const name of secretSettings) expect(rows.find((row) => row.name === name)?.rest).toContain(`${name}_FILE`);
  });
});
