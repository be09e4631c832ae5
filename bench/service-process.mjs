import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processorSeconds } from './process-figures.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const readyWithinMs = 120_000;
const lookEveryMs = 10;
const stopWithinMs = 30_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** As open as the original with its token check switched off. */
export const openSettings = { COMPAT_AUTH: 'reference', JWT_AUTH: 'false' };

/** A service, started as `npm start` does, on the run's own database. */
export class ServiceProcess {
  #output = '';

  constructor(child, url) {
    this.child = child;
    this.url = url;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (this.#output = (this.#output + chunk).slice(-20_000)));
    }
  }

  /**
   * Starts the service and waits until it is ready.
   * @param {{ mongodbUrl: string, database: string, dataDir: string, env?: Record<string, string>, nodeOptions?: string[] }} options
   */
  static async start({ mongodbUrl, database, dataDir, env = openSettings, nodeOptions = [] }) {
    const port = await freePort();
    const settings = { HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, MONGODB_URL: mongodbUrl, MONGODB_DATABASE: database };
    const spawnedAt = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', ...nodeOptions, 'dist/bundle/main.js'], {
      cwd: root,
      env: { ...process.env, LOG_FORMAT: 'json', ...settings, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the bench, which then stops the service
    });
    const service = new ServiceProcess(child, `http://127.0.0.1:${port}`);
    try {
      await service.#untilReady();
    } catch (error) {
      await service.stop();
      throw error;
    }
    /** From spawn to the first 200 of the readiness probe. */
    service.startMs = performance.now() - spawnedAt;
    /** Processor time of that; null where it cannot be known. */
    service.startProcessorMs = await processorSeconds(service.pid).then((seconds) => seconds && seconds * 1_000);
    return service;
  }

  get pid() {
    return this.child.pid;
  }

  get hasEnded() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async #untilReady() {
    const giveUpAt = performance.now() + readyWithinMs;
    while (performance.now() < giveUpAt) {
      if (this.hasEnded) throw new Error(`the service ended while starting:\n${this.#output}`);
      const reply = await fetch(`${this.url}/health/ready`).catch(() => null);
      await reply?.text();
      if (reply?.status === 200) return;
      await sleep(lookEveryMs);
    }
    throw new Error(`the service is not ready after ${readyWithinMs / 1_000} s:\n${this.#output}`);
  }

  /** Stops it as Ctrl-C does. Safe to repeat. */
  async stop() {
    if (this.hasEnded) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(timer);
  }

  /** For an exit that waits for nothing. */
  kill() {
    if (!this.hasEnded) this.child.kill('SIGKILL');
  }
}
