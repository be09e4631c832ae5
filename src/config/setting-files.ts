import { readFileSync } from 'node:fs';
import { ConnectionString } from 'mongodb-connection-string-url';

/** Fills secrets from the files that `NAME_FILE` names; what goes wrong is added to the problems. */
export function withSecretFiles(env: NodeJS.ProcessEnv, secrets: readonly string[], problems: string[]): NodeJS.ProcessEnv {
  const filled = { ...env };
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set; keep one`);
    try {
      filled[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      problems.push(`${name}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return filled;
}

/** Reads user and password from the original's secrets file into the address; what goes wrong is added to the problems. */
export function withCredentials(url: string | undefined, secretsFile: string | undefined, problems: string[]): string | undefined {
  if (!url || !secretsFile) return url;
  try {
    const secrets = JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, string>;
    const { MONGODB_USER: user, MONGODB_PASSWORD: password } = secrets;
    const signedIn = new ConnectionString(url);
    if (signedIn.username !== '' || !user || !password) return url;
    signedIn.username = encodeURIComponent(user);
    signedIn.password = encodeURIComponent(password);
    if (!signedIn.searchParams.has('authSource')) signedIn.searchParams.set('authSource', 'admin');
    return signedIn.href;
  } catch (error) {
    // The message of a syntax error would quote the file.
    problems.push(`SECRETS_FILE: ${secretsFile} is not a readable JSON file (${(error as NodeJS.ErrnoException).code ?? 'no JSON'})`);
    return url;
  }
}
