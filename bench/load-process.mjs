import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of its own that does what it is called for: load must not share an event loop with what is measured, nor with who measures. */
export class LoadProcess {
  #calls = new Map();
  #nextId = 1;

  /** @param {URL} file a module that calls `answerCalls` */
  constructor(file) {
    this.child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.on('message', ({ id, result, error }) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(error));
    });
    this.child.once('exit', (code, signal) => {
      for (const call of this.#calls.values()) call.reject(new Error(`a process that makes load ended with ${signal ?? code}`));
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** Calls a method of the process; rejects with what it throws. */
  call(method, argument = {}) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.child.send({ id, method, argument });
    });
  }

  /** Ends it. Safe to repeat. */
  async close() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/**
 * In such a process: answers the calls of the one that started it, and ends with it.
 * @param {Record<string, (argument: any) => Promise<unknown>>} methods
 */
export function answerCalls(methods) {
  process.on('SIGINT', () => undefined); // the one that started this process decides
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, method, argument }) => {
    try {
      process.send({ id, result: await methods[method](argument) });
    } catch (error) {
      process.send({ id, error: error.stack ?? String(error) });
    }
  });
}
