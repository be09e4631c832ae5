import { definedErrors, type ErrorSpec } from '../common/errors/app-error.js';
import { statusOf } from '../common/http/status.js';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!);
/** Text in backticks as code, everything escaped. */
const inline = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>` +
  `<link rel="stylesheet" href="/docs/assets/docs.css"></head><body><main>${body}</main></body></html>`;

const curlOf = (code: string): string => `curl -i http://127.0.0.1:8000/docs/errors/${code} -H 'Accept: application/json'`;

/** The page of one error: what it means, what to do. */
export function errorPage(spec: ErrorSpec): string {
  return page(
    spec.code,
    `<p><a href="/docs/errors">All errors</a></p><h1>${escapeHtml(spec.code)}</h1><p>${statusOf(spec.kind)} — ${escapeHtml(spec.title)}</p>` +
      `<h2>Cause</h2><p>${inline(spec.cause)}</p><h2>Cure</h2><p>${inline(spec.cure)}</p>` +
      `<p>${spec.retryable ? 'The same call may succeed later.' : 'Repeating the same call does not help.'}</p><pre>${escapeHtml(curlOf(spec.code))}</pre>`,
  );
}

/** The list of all errors. */
export function errorListPage(): string {
  const rows = definedErrors().map(
    ({ code, kind, title }) =>
      `<tr><td><a href="/docs/errors/${code}">${code}</a></td><td>${statusOf(kind)}</td><td>${escapeHtml(title)}</td></tr>`,
  );
  return page(
    'Errors',
    `<h1>Errors</h1><table><thead><tr><th>Code</th><th>Status</th><th>Title</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

/** One error as JSON. */
export const errorDocument = ({ code, kind, title, cause, cure, retryable = false }: ErrorSpec) => ({
  code,
  status: statusOf(kind),
  title,
  cause,
  cure,
  retryable,
});
