import { EnvError, makeExactValidator } from 'envalid';

/** A whole number within bounds, both inclusive. */
export const integer = (min: number, max: number) =>
  makeExactValidator<number>((text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) throw new EnvError(`must be a whole number from ${min} to ${max}`);
    return value;
  });

/** One of the listed words, in exactly this spelling. */
export const oneOf = <T extends string>(words: readonly T[]) =>
  makeExactValidator<T>((text) => {
    if (!words.includes(text as T)) throw new EnvError(`must be one of ${words.join(', ')}`);
    return text as T;
  });

/** An address as `URL` can read it: of a replica set's several hosts only the first. */
export const withFirstHost = (text: string): string => text.replace(/^(mongodb:\/\/(?:[^/?@]*@)?[^,/?@]+)(?:,[^,/?@]+)+/, '$1');

/** An absolute address with one of the protocols; `http:` may be limited to this machine, where nobody can listen in. */
export const address = (protocols: readonly string[], { httpOnLoopbackOnly = false } = {}) =>
  makeExactValidator<string>((text) => {
    const readable = withFirstHost(text);
    const url = URL.canParse(readable) ? new URL(readable) : undefined;
    if (!url || !protocols.includes(url.protocol)) throw new EnvError(`must be an address that starts with ${protocols.join('// or ')}//`);
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (httpOnLoopbackOnly && url.protocol === 'http:' && !loopback) throw new EnvError('must be https, except on this machine');
    return text;
  });

/** Words with commas between them, each of one pattern; empty text is an empty list. */
export const list = (pattern: RegExp, what: string) =>
  makeExactValidator<readonly string[]>((text) => {
    const words = text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    const wrong = words.find((word) => !pattern.test(word));
    if (wrong !== undefined) throw new EnvError(`must be ${what} with commas between them, not "${wrong}"`);
    return words;
  });

/** Any text that is not empty. */
export const text = makeExactValidator<string>((value) => {
  if (value === '') throw new EnvError('must not be empty');
  return value;
});

/** True only for the exact text `true`, as the original job service reads its switches. */
export const exactlyTrue = makeExactValidator<boolean>((value) => value === 'true');

/** False only for the exact text `false`, as the original job service reads its switches. */
export const unlessFalse = makeExactValidator<boolean>((value) => value !== 'false');
