/**
 * One measured figure.
 * @typedef {object} Figure
 * @property {string} part letter of the part
 * @property {string} name
 * @property {string} unit
 * @property {number} value
 * @property {number} [min]
 * @property {number} [max]
 * @property {{ atLeast?: number, below?: number, equal?: number }} [goal]
 * @property {boolean} [met]
 * @property {string} [note]
 */

function isMet(value, { atLeast, below, equal }) {
  return value >= (atLeast ?? -Infinity) && value < (below ?? Infinity) && (equal === undefined || value === equal);
}

/** Collects the figures of a run and judges those that have a goal. */
export class Figures {
  /** @type {Figure[]} */
  all = [];

  /**
   * @param {string} part
   * @param {string} name
   * @param {Omit<Figure, 'part' | 'name' | 'met'>} figure
   */
  add(part, name, figure) {
    this.all.push({ part, name, ...figure, ...(figure.goal && { met: isMet(figure.value, figure.goal) }) });
  }
}
