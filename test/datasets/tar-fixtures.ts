import { Header, Pax } from 'tar';

/** A member of an archive that a test makes. */
export interface FixtureMember {
  readonly name: string;
  /** Default `File`. */
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'FIFO';
  readonly content?: Buffer;
}

const block = 512;
const paddedTo = (buffer: Buffer): Buffer => Buffer.concat([buffer, Buffer.alloc((block - (buffer.length % block)) % block)]);

/** The two blocks of zeros that end an archive. */
export const endOfArchive = Buffer.alloc(2 * block);

/** A header as node-tar writes it; `size` is written even where the type has no content. */
export function headerOf(fields: {
  path: string;
  size: number;
  type?: FixtureMember['type'] | 'NextFileHasLongPath' | 'ExtendedHeader';
}): Buffer {
  const header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...fields, type: fields.type ?? 'File' });
  const bytes = Buffer.alloc(block);
  header.encode(bytes);
  return bytes;
}

/** The header with a changed field and its checksum made right again. */
export function withField(header: Buffer, at: number, field: Buffer): Buffer {
  const changed = Buffer.from(header);
  field.copy(changed, at);
  changed.fill(0x20, 148, 156);
  const sum = changed.reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}

/** One member: a pax header in front where the name does not fit, header, content, padding. */
export function memberBytes({ name, type = 'File', content = Buffer.alloc(0) }: FixtureMember): Buffer {
  const path = type === 'Directory' ? `${name}/` : name;
  const size = type === 'File' ? content.length : 0;
  const fits = Buffer.byteLength(path) < 100 && !/[^ -~]/.test(path);
  const pax = fits ? Buffer.alloc(0) : new Pax({ path, size }).encode();
  return Buffer.concat([
    pax,
    headerOf({ path: fits ? path : path.slice(0, 20), size, type }),
    type === 'File' ? paddedTo(content) : Buffer.alloc(0),
  ]);
}

/** A GNU long name in front of the member's header, as GNU tar writes it. */
export function gnuLongNameMember(name: string, content: Buffer): Buffer {
  const text = paddedTo(Buffer.from(`${name}\0`));
  const longLink = headerOf({ path: '././@LongLink', size: Buffer.byteLength(name) + 1, type: 'NextFileHasLongPath' });
  return Buffer.concat([longLink, text, headerOf({ path: name.slice(0, 99), size: content.length }), paddedTo(content)]);
}

/** A pax header of these records, in front of nothing. */
export function paxHeader(records: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(Object.entries(records).map(paxRecord).join(''));
  return Buffer.concat([headerOf({ path: 'PaxHeader/x', size: body.length, type: 'ExtendedHeader' }), paddedTo(body)]);
}

function paxRecord([key, value]: [string, string]): string {
  const tail = ` ${key}=${value}\n`;
  const length = (digits: number): number => Buffer.byteLength(tail) + digits;
  const digits = [1, 2, 3, 4, 5, 6, 7].find((count) => String(length(count)).length === count)!;
  return `${length(digits)}${tail}`;
}

/** A whole archive. */
export const tarOf = (members: readonly FixtureMember[]): Buffer => Buffer.concat([...members.map(memberBytes), endOfArchive]);

/** A package as it is imported: metadata, the folder `chunks`, one chunk. */
export const datasetTar = (name: string): Buffer =>
  tarOf([
    { name: `${name}.json`, content: Buffer.from('{}') },
    { name: 'chunks', type: 'Directory' },
    { name: 'chunks/1.csv.encr', content: Buffer.alloc(600, '0123456789') },
  ]);

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** `ROAD.json`, `chunks` and a chunk, packed by Python's tarfile and compressed by its modules; no JavaScript package writes these forms. */
export const roadTar = {
  bzip2: bytes(
    'QlpoOTFBWSZTWSp/ayoAAczfhcqAUAH/8CQAkKBqW58KIAAAAQQIMAC4DGmg0AMmgMjTQxNGGNNBoAZNAZGmhiaMEVCExR4keptJkabKNDT0eqfXzZbhCZaw1go7rBBMfPZiWXDh6UxYNaCQB8XBk579eO/WPUsLdsFeMBXlzzvVyUWdRdxjugCsvfK6QK3QlEFfU4FIK7eFVIKwvJArXaSojWCsQV5gr8YmZs0KO8k07M8pdO0OpCR17+HSZpXUzJ0tFLMmxvt8lA/xdyRThQkCp/ayoA==',
  ),
  /** Two bzip2 streams one after the other, as parallel compressors write them. */
  bzip2InTwo: bytes(
    'QlpoOTFBWSZTWSRjiwwAACXfkMqAUAF9kCQAkIBiE54KACAEACAAVDVD1GjRiZGhoGZQNKBvSg00GQ0BoRWRpAFzSHWKwCYA80RylAMKImxQT4Xva6Bgr9RwJAkvEjn37TAyNCT5TB+LuSKcKEgSMcWGAEJaaDkxQVkmU1lQTTJwAAAEX4TIgEAB/+AgAIAgakkfACAABAggAIkJKCjyRtGpo0HqMbVBFIp6mmJkbSMgAzfZTpGZd4JaTBIKyrPqGMXDjmJA4DoYkDH98Kb6wJWATTW0Tmov+l/SXKAVnpCK3ArXPAFcc7KArGEwVtlOVgKyBXUElFFz5nexsPN2IcDECFhhh9EAfxdyRThQkFBNMnA=',
  ),
  xz: bytes(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AK1dACkTxCXKgp0Blnbfjb+IVSHTv3iOHPUA4y5mY2p4zVVvSH+v9vMFU4xhArIgsyGDH7Q0GLlWV6EoqxocFHLfmSNYW0ytYpkKVMOMt/gLlsoIQHEok2kcvv0WMWIN60O4PHB4KHGcBv+IKmkJ3nFPGibRW6VTMS1bFBjtyjdZB6mnPFVZvtFDMsbMGo6c3YMMUzgEHSe14zRc61pGKcCjfvMZxhM84v1f8k/olHAAAAAAACEbq0hjTvjEAAHJAYBQAACaKjdJscRn+wIAAAAABFla',
  ),
} as const;

/** A bzip2 file of 840 bytes that expands to a member `ROAD.json` of 1 GiB of zeros. */
export const bzip2Bomb = bytes(
  'QlpoOTFBWSZTWdWG0SAFfjrfgMmAQAFtgCQAkIBgEZ4AAAggAHUJJT0QAepkACKoDIAAYncL6CoAqqJaICAqqJkXwjXC5AQCSSQhgu7eHkkqyNGHbWJZxO2lK7zPeJTlOllIqoAqqJ+YoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprIcE8W+Ar8cgAGAAAAQQABhAJqMhUBLUhUBLmKCskymshwTxb4CvxyAAYAAABBAAGEAmoyFQEtSFQEuYoKyTKayHBPFvgK/HIABgAAAEEAAYQCajIVAS1IVAS5igrJMprJXdvn0ARS0kAGAAAQAABBAAGGYClNMSkSGxJSJDxdyRThQkGqiAKgA=',
);
