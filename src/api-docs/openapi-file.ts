import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The committed description of the API, beside the sources and the build alike. */
const openApiFile = fileURLToPath(new URL('../../openapi.json', import.meta.url));

let text: string | undefined;

/** The API description as JSON text, read once. */
export function openApiText(): string {
  text ??= readFileSync(openApiFile, 'utf8');
  return text;
}
