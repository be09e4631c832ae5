const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The object key in the path parameter of `status-from-path`: base64 in either alphabet, padded or not. Like the original it drops characters outside the
 * alphabet and bytes that are not UTF-8.
 * @param parameter percent-decoded
 * @returns null when it holds no key
 * @see contracts/traces.md 4.4
 */
export function s3PathIn(parameter: string): string | null {
  const digits = parameter
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  if (digits.length % 4 === 1) return null;
  const bytes = Buffer.from(digits, 'base64');
  const key = bytes.includes(0xef) ? withoutReplaced(bytes) : decoder.decode(bytes).replaceAll('\ufffd', '');
  return key === '' ? null : key;
}

/** A key may itself hold U+FFFD (EF BF BD), which must not be taken for the decoder's mark of a broken byte. */
function withoutReplaced(bytes: Buffer): string {
  const own = '\ufffd';
  const parts = bytes.toString('latin1').split('\u00ef\u00bf\u00bd');
  return parts.map((part) => decoder.decode(Buffer.from(part, 'latin1')).replaceAll(own, '')).join(own);
}
