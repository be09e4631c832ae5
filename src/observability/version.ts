import { readFileSync } from 'node:fs';
import type { Settings } from '../config/settings.js';

const packageFile = new URL('../../package.json', import.meta.url);
const packageVersion = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;

/** The version shown in logs, metrics and `GET /api/v1/version`: that of the package, with the commit behind `+` where it is known. */
export function versionOf({ commitId }: Pick<Settings, 'commitId'>): string {
  return commitId === null ? packageVersion : `${packageVersion}+${commitId}`;
}
