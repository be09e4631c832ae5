import { isIP } from 'node:net';
import { EnvError, makeExactValidator } from 'envalid';
import { ConnectionString } from 'mongodb-connection-string-url';

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

/** An absolute address with one of the protocols; `http:` may be limited to this machine, where nobody can listen in. */
export const address = (protocols: readonly string[], { httpOnLoopbackOnly = false } = {}) =>
  makeExactValidator<string>((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !protocols.includes(url.protocol)) throw new EnvError(`must be an address that starts with ${protocols.join('// or ')}//`);
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (httpOnLoopbackOnly && url.protocol === 'http:' && !loopback) throw new EnvError('must be https, except on this machine');
    return text;
  });

/** The database that a connection string names in its path; undefined without one. */
export const databaseIn = (url: string): string | undefined => decodeURIComponent(new ConnectionString(url).pathname.slice(1)) || undefined;

const portOf = (host: string): number => Number(/:(\d+)$/.exec(host)?.[1] ?? 27_017);

/** A connection string of MongoDB, checked as far as that is possible without connecting. The messages never quote it: it may hold a password. */
export const mongodbAddress = makeExactValidator<string>((text) => {
  try {
    const { hosts } = new ConnectionString(text);
    const wrong = hosts.find((host) => host === '' || portOf(host) < 1 || portOf(host) > 65_535);
    if (wrong !== undefined) throw new Error(wrong === '' ? 'a host is empty' : 'a host has no valid port');
    checkDatabaseName(databaseIn(text) ?? 'none');
  } catch (error) {
    throw new EnvError(`must be a connection string such as mongodb://HOST:27017/signalbox: ${(error as Error).message}`);
  }
  return text;
});

function checkDatabaseName(name: string): void {
  if (/[/\\. "$*<>:|?\0]/.test(name) || Buffer.byteLength(name) > 63) {
    throw new EnvError('a database name has at most 63 bytes and none of / \\ . " $ * < > : | ? and space');
  }
}

/** The name of a MongoDB database. */
export const databaseName = makeExactValidator<string>((value) => {
  if (value === '') throw new EnvError('must not be empty');
  checkDatabaseName(value);
  return value;
});

/** True for an IP address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [ip, prefix, ...rest] = text.split('/');
  const version = isIP(ip!);
  return (
    version !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)))
  );
}

/** Words with commas between them, each of which must be right; empty text is an empty list. */
export const list = (isRight: (word: string) => boolean, what: string) =>
  makeExactValidator<readonly string[]>((text) => {
    const words = text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    const wrong = words.find((word) => !isRight(word));
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
