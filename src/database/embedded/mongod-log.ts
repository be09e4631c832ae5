import { open, rename, stat } from 'node:fs/promises';

const tailBytes = 64 * 1024;

const mostLogBytes = 10 * 1024 ** 2;

/** Puts a log that has grown past 10 MB aside as `.1`, replacing the one put aside before. To be called while nobody writes it. */
export async function rotateLog(logFile: string): Promise<void> {
  const size = (await stat(logFile).catch(() => null))?.size ?? 0;
  if (size > mostLogBytes) await rename(logFile, `${logFile}.1`);
}

interface LogLine {
  readonly s?: string;
  readonly msg?: string;
  readonly attr?: { readonly error?: unknown; readonly reason?: unknown };
}

/** What mongod last complained about, newest first and without repeats: a few short sentences from the end of its log. */
export async function lastComplaints(logFile: string, most = 3): Promise<string[]> {
  const lines = (await tail(logFile)).split('\n').reverse();
  const complaints = new Set<string>();
  for (const line of lines) {
    if (complaints.size === most) break;
    const complaint = complaintIn(line);
    if (complaint) complaints.add(complaint);
  }
  return [...complaints];
}

/** Errors and fatal conditions are lines of JSON with severity E or F; what the dynamic linker or the option parser says is plain text. */
export function complaintIn(line: string): string | null {
  if (!line.startsWith('{')) return line.trim() || null;
  try {
    const { s, msg, attr } = JSON.parse(line) as LogLine;
    if (s !== 'E' && s !== 'F') return null;
    const reason = attr?.error ?? attr?.reason;
    return [msg, reason && (typeof reason === 'string' ? reason : JSON.stringify(reason))].filter(Boolean).join(': ');
  } catch {
    return null;
  }
}

async function tail(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
