import { cpus, loadavg, totalmem } from 'node:os';
import Table from 'cli-table3';

const digits = (number) => (Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2);
const shown = (number) => number.toFixed(Number.isInteger(number) ? 0 : digits(number));

const goalText = ({ atLeast, below, equal }) =>
  atLeast !== undefined ? `≥ ${atLeast}` : below !== undefined ? `< ${below}` : `= ${equal}`;

function rowOf({ part, name, value, min, max, unit, goal, met, note }) {
  const range = min === undefined ? '' : `${shown(min)} … ${shown(max)}`;
  return [
    part,
    name,
    `${shown(value)} ${unit}`.trim(),
    range,
    goal ? goalText(goal) : '',
    goal ? (met ? 'met' : 'MISSED') : '',
    note ?? '',
  ];
}

/** Without colours and without lines between rows, so that it can be read and copied anywhere. */
export const plain = { style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } };

/** The figures as a table. @param {import('./figures.mjs').Figure[]} figures */
export function tableOf(figures) {
  const table = new Table({ head: ['', 'figure', 'value', 'least … greatest', 'goal', '', 'note'], ...plain });
  for (const figure of figures) table.push(rowOf(figure));
  return table.toString();
}

/** Where and how a run was made. */
export function surroundings(options) {
  const { length, 0: first } = cpus();
  return {
    date: new Date().toISOString(),
    command: `npm run bench ${process.argv.length > 2 ? `-- ${process.argv.slice(2).join(' ')}` : ''}`.trim(),
    node: process.version,
    cores: length,
    processor: first?.model ?? null,
    memoryGigabytes: Math.round(totalmem() / 1_024 ** 3),
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
    options,
  };
}
