/** What has to be undone at the end of a run, however it ends; the last first. */
export class Cleanup {
  #steps = [];
  #done = null;

  /** @param {() => unknown} step */
  add(step) {
    this.#steps.push(step);
  }

  /** Undoes everything. Safe to repeat; a step that fails does not keep the others. */
  run() {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run() {
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`not cleaned up: ${error.message}\n`);
      }
    }
  }
}
