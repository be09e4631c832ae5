import type { ImportCounts, ImportRemark, ImportReport } from '../../import/index.js';
import { visible } from '../output/text.js';

const shownRemarks = 50;

const countLine = (what: string, { found, taken, updated, unchanged, refused }: ImportCounts): string =>
  `${what.padEnd(12)} ${found} found, ${taken} taken, ${updated} updated, ${unchanged} unchanged, ${refused} not taken`;

function remarkLines(title: string, remarks: readonly ImportRemark[]): string[] {
  if (remarks.length === 0) return [];
  const more = remarks.length > shownRemarks ? [`  and ${remarks.length - shownRemarks} more: --json has all`] : [];
  return [title, ...remarks.slice(0, shownRemarks).map(({ kind, id, reason }) => visible(`  ${kind} ${id}: ${reason}`)), ...more];
}

/** The report for people. */
export const reportLines = ({ dryRun, jobs, targets, maintenance, refused, notes }: ImportReport): string[] => [
  ...(dryRun ? ['Nothing was written: this is what an import would do.'] : []),
  countLine('jobs', jobs),
  countLine('targets', targets),
  countLine('maintenance', maintenance),
  ...remarkLines('Not taken:', refused),
  ...remarkLines('Taken with a change:', notes),
];
