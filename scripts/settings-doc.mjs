import { readFileSync, writeFileSync } from 'node:fs';

/** Writes the settings table of the README, between its two marks, from the built declarations. */
const { settingSpecs } = await import(new URL('../dist/config/settings.js', import.meta.url));
const [start, end] = ['<!-- settings: written by npm run docs -->', '<!-- end of settings -->'];

const shown = (value) => (value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value));
const row = ([name, { default: value, desc }]) => `| \`${name}\` | ${shown(value) === '' ? '' : `\`${shown(value)}\``} | ${desc} |`;
const table = ['| setting | default | meaning |', '|---|---|---|', ...Object.entries(settingSpecs).map(row)].join('\n');

const file = process.argv[2] ?? 'README.md';
const page = readFileSync(file, 'utf8');
if (!page.includes(start) || !page.includes(end)) throw new Error(`${file} has no place for the settings: "${start}" and "${end}"`);
const before = page.slice(0, page.indexOf(start) + start.length);
const after = page.slice(page.indexOf(end));
writeFileSync(file, `${before}\n${table}\n${after}`);
console.log(`${Object.keys(settingSpecs).length} settings`);
