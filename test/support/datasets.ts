import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';

/** What a dataset's tar contains. */
export interface DatasetTar {
  /** File name in the input folder, with its ending. */
  readonly file: string;
  /** Member name → content; a name with a last slash is a directory entry. */
  readonly members: Readonly<Record<string, string>>;
  readonly gzip?: boolean;
}

async function lay(folder: string, members: DatasetTar['members']): Promise<void> {
  for (const [name, content] of Object.entries(members)) {
    const path = join(folder, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) await writeFile(path, content);
  }
}

/** Writes a tar whose entries are exactly the given members, in their order, and returns its path. */
export async function writeTar(folder: string, { file, members, gzip = false }: DatasetTar): Promise<string> {
  const staging = await mkdtemp(join(tmpdir(), 'signalbox-tar-'));
  const path = join(folder, file);
  try {
    await lay(staging, members);
    await mkdir(folder, { recursive: true });
    await create({ cwd: staging, file: path, gzip, noDirRecurse: true }, Object.keys(members));
    return path;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The members of a package as the data platform makes it. */
export function packageMembers(name: string, parts: { readonly data: boolean }): Record<string, string> {
  const metadata = { [`${name}.json`]: JSON.stringify({ name, dataType: 'long' }), [`${name}.md5`]: 'd41d8cd98f00b204e9800998ecf8427e' };
  if (!parts.data) return metadata;
  return {
    ...metadata,
    [`${name}.symkey.encr`]: 'key',
    'chunks/': '',
    'chunks/1.csv.encr': '1;2;3\n'.repeat(200),
    'chunks/2.csv.encr': '4;5;6\n',
  };
}

/** Cuts a file after the given number of bytes. */
export async function truncateFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.truncate(bytes);
  await file.close();
}
