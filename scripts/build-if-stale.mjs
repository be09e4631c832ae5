import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';

/** Builds `dist` when a source or a build setting is newer than the last whole build. */
const sources = readdirSync('src', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const inputs = [
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/bundle.mjs',
  ...sources.map((entry) => `${entry.parentPath}/${entry.name}`),
];
const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
if (Math.max(...inputs.map(changedAt)) > changedAt('dist/bundle/main.js')) {
  process.stderr.write('Building…\n');
  process.exitCode = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] }).status ?? 1;
}
