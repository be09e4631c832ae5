import { readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Writes the reference of all error codes from the built registry. The pages at `/docs/errors/CODE` say the same. */
const dist = new URL('../dist/', import.meta.url);
const declaring = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.errors.js'));
await Promise.all(declaring.map((path) => import(new URL(path, dist))));
const { definedErrors } = await import(new URL('common/errors/app-error.js', dist));
const { statusOf } = await import(new URL('common/http/status.js', dist));

const intro = `# Errors

Every error of the native API is a problem document (RFC 9457) with one of these codes in \`code\`, and with \`type\` naming its page, which says
what stands here. Codes are stable. The old routes answer the same conditions in the envelope of their originals. This file is written by
\`npm run docs\`.
`;

const row = ({ code, kind, title }) => `| [${code}](#${code.toLowerCase().replace(/[^a-z0-9_-]/g, '')}) | ${statusOf(kind)} | ${title} |`;
const section = ({ code, kind, title, cause, cure, retryable }) => `## ${code}

${title}. Status ${statusOf(kind)}${retryable ? '; the same call may succeed later' : ''}.

* Cause: ${cause}
* Cure: ${cure}
`;

const specs = definedErrors();
const table = ['| code | status | meaning |', '|---|---|---|', ...specs.map(row)].join('\n');
writeFileSync(pathToFileURL(process.argv[2] ?? 'docs/errors.md'), [intro, `${table}\n`, ...specs.map(section)].join('\n'));
console.log(`${specs.length} error codes`);
