import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { plain } from './report.mjs';

const shownPackages = 20;
const shownFunctions = 40;

/** The package that a function belongs to. */
function packageOf({ url, functionName }) {
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (inPackage) return inPackage[1];
  const own = /\/dist\/([^/]+)/.exec(url);
  if (own) return `signalbox ${own[1]}`;
  if (url.startsWith('node:')) return 'node';
  return url === '' ? functionName || '(native)' : url;
}

const placeOf = ({ url, lineNumber }) =>
  url === '' ? '' : `${url.replace(/^.*\/(?=node_modules|dist)/, '').replace(/^node_modules\//, '')}:${lineNumber + 1}`;

/** Now, by the clock of profiles, which all processes of a machine share. */
export const monotonicMicroseconds = () => Number(process.hrtime.bigint() / 1_000n);

/** Self time in microseconds of each function of a profile since a time. */
function selfTimes({ nodes, samples, timeDeltas, startTime }, since) {
  const times = new Map(nodes.map((node) => [node.id, { ...node.callFrame, us: 0 }]));
  let now = startTime;
  samples.forEach((id, index) => {
    now += timeDeltas[index];
    if (now >= since) times.get(id).us += timeDeltas[index];
  });
  return [...times.values()];
}

/** Shares of the time that was not idle, greatest first. */
function shares(functions, keyOf, total) {
  const sums = new Map();
  for (const each of functions) sums.set(keyOf(each), (sums.get(keyOf(each)) ?? 0) + each.us);
  return [...sums].map(([name, us]) => ({ name, share: us / total })).sort((a, b) => b.share - a.share);
}

/**
 * The profile that a process has left in a folder, summed up: shares of self time by package and by function.
 * @param {string} folder
 * @param {number} since what was before does not count; see `monotonicMicroseconds`
 */
export async function summarizeProfile(folder, since) {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile')).sort();
  const functions = selfTimes(JSON.parse(await readFile(join(folder, files.at(-1)), 'utf8')), since);
  const busy = functions.filter(({ functionName }) => functionName !== '(idle)');
  const total = busy.reduce((sum, { us }) => sum + us, 0);
  return {
    busySeconds: total / 1e6,
    packages: shares(busy, packageOf, total).slice(0, shownPackages),
    functions: shares(busy, (each) => `${each.functionName || '(anonymous)'} ${placeOf(each)}`, total).slice(0, shownFunctions),
  };
}

/** The two lists as tables. */
export function profileTables({ packages, functions }) {
  const tableOf = (head, rows) => {
    const table = new Table({ head: [head, 'self time'], ...plain });
    for (const { name, share } of rows) table.push([name, `${(share * 100).toFixed(1)} %`]);
    return table.toString();
  };
  return `${tableOf('package', packages)}\n${tableOf('function', functions)}`;
}
