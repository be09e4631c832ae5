import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import type { EmbeddedIssuer } from './embedded-issuer.js';
import { replaceFile, textOf } from './private-files.js';

const longestSeconds = 2_592_000;

/** Where the admin token of a data folder lies. */
export const adminTokenPath = (dataDir: string): string => join(dataDir, 'admin-token');

/** How long an admin token lives: 30 days, or the greatest age that the service accepts. */
export const adminTokenSeconds = (maxAgeSeconds: number | null): number => Math.min(longestSeconds, maxAgeSeconds ?? Infinity);

/** What the admin token of a data folder depends on. */
export interface AdminTokenOptions {
  readonly dataDir: string;
  readonly issuer: EmbeddedIssuer;
  /** The greatest age by `iat` that the service accepts; null: any. */
  readonly maxAgeSeconds: number | null;
}

/** Seconds for which the service will go on accepting a token; 0 for one that is cut, signed with another key, or made under other settings. */
function secondsLeft(token: string, { issuer, maxAgeSeconds }: AdminTokenOptions): number {
  try {
    const { header, payload } = jsonwebtoken.verify(token, issuer.publicKey, { algorithms: ['RS256'], complete: true });
    if (typeof payload !== 'object' || header.typ !== issuer.profile.typ || !payload[issuer.profile.rolesClaim]) return 0;
    if (!payload[issuer.profile.datasetsClaim]) return 0; // made before traces

    const end = Math.min(payload.exp ?? 0, (payload.iat ?? 0) + adminTokenSeconds(maxAgeSeconds));
    return end - Date.now() / 1000;
  } catch {
    return 0;
  }
}

/** Makes sure that `admin-token` holds a token for role admin that lasts: renewed at a quarter of its life. Safe to repeat. True when a new one was written. */
export async function ensureAdminToken(options: AdminTokenOptions): Promise<boolean> {
  const path = adminTokenPath(options.dataDir);
  const expiresInSeconds = adminTokenSeconds(options.maxAgeSeconds);
  const held = (await textOf(path))?.trim();
  if (held && secondsLeft(held, options) > expiresInSeconds / 4) {
    await chmod(path, 0o600);
    return false;
  }
  const token = options.issuer.signToken({ sub: 'admin', name: 'Administrator', roles: ['admin'], datasets: ['*'], expiresInSeconds });
  await replaceFile(path, `${token}\n`);
  return true;
}
