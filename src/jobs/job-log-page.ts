import { type Page, type PageQueryDto, readPage } from '../common/http/page.js';
import type { CompatListedJob } from './job-views.js';
import type { JobLogLineDto } from './job-answers.dto.js';

interface NumberedLine {
  readonly index: number;
  readonly at: Date;
  readonly message: string;
}

/**
 * One page of a job's log, oldest line first.
 * @throws CursorInvalidError
 */
export async function logPageOf(job: CompatListedJob, { limit, cursor, count }: PageQueryDto): Promise<Page<JobLogLineDto>> {
  const lines: NumberedLine[] = job.log.map(({ at, message }, index) => ({ index, at, message }));
  const page = await readPage({
    limit,
    cursor,
    boundTo: ['job log', job._id],
    keyOf: (line: NumberedLine) => [line.index],
    keyTypes: ['integer'],
    read: (place, wanted) => {
      const index = Number(place?.key[0] ?? -1);
      const behind = place?.direction === 'before' ? lines.slice(0, index).reverse() : lines.slice(index + 1);
      return Promise.resolve(behind.slice(0, wanted));
    },
  });
  const items = page.items.map(({ at, message }) => ({ at: at.toISOString(), message }));
  return { ...page, items, ...(count && { count: { value: lines.length, exact: true } }) };
}
