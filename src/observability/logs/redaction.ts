/** Stands where a secret was. */
export const redacted = '[redacted]';

const secretName =
  /^(?:cookie|set-cookie|(?:proxy-)?authorization)$|password|passwd|secret|token|signature|credential|(?:api|private)[-_]?key/i;

/** True when a field of this name holds a secret, whatever its value. */
export const namesSecret = (fieldName: string): boolean => secretName.test(fieldName);

// Each pattern reads forward only and stops at a quote, so that it stays inside one JSON string and takes linear time.
const secretsInText: readonly (readonly [RegExp, string])[] = [
  [/:\/\/[^\s"/]+@/g, `://${redacted}@`],
  [/\b(Bearer|Basic) +[\w.~+/=-]{12,}/gi, `$1 ${redacted}`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, redacted],
  [/([?&][\w.-]{0,40}(?:token|secret|password|signature|key|code)=)[^&\s"#]+/gi, `$1${redacted}`],
];

/** The text without credentials in addresses, bearer tokens, JWTs and secret query values. */
export function withoutSecrets(text: string): string {
  return secretsInText.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

// C0 but tab and line feed, DEL, C1, line separators, and every character that turns the direction of text.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g; // eslint-disable-line no-control-regex -- finding them is the purpose

/** The text without control and bidirectional characters, line feeds and tabs aside: safe to print on a terminal. */
export const withoutControls = (text: string): string => text.replace(unseen, '');

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A JSON line with its unseen characters written as escapes. JSON itself escapes only C0, and a reader's terminal obeys the others too. The value of the
 * line stays the same, because such characters stand in its strings only.
 */
export const withEscapedControls = (line: string): string => line.replace(unseen, escaped);
