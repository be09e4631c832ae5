/**
 * Runs a program for as long as whoever started this process lives, and clears its folder away afterwards. Standard input is the string
 * between them: it ends when the starter closes it and also when the starter is killed.
 * Usage: node mongod-guard.mjs FOLDER PROGRAM ARGUMENT…
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });

child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.once('exit', (code) => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code ?? 0);
});
process.stdin.once('close', () => child.kill('SIGKILL')).resume();
