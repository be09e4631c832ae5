import { encodeCursor } from '../dist/common/http/cursor.js';
import { busyDataset } from './large-store-documents.mjs';

const pageLength = 50;
const sorts = { '-createdAt': 'createdAt', '-finishedAt': 'finishedAt' };

/** The poll of the worker, and the other ones that it makes. @see contracts/jobs.md 12.1 */
export const poll = '/jobs?status=queued&operation=PATCH_METADATA,ADD,CHANGE';
export const otherPolls = [
  '/jobs?status=built',
  '/jobs?status=queued&operation=SET_STATUS,BUMP,DELETE_DRAFT,REMOVE,ROLLBACK_REMOVE,DELETE_ARCHIVE',
];

const kinds = [
  { name: 'all', query: '', filter: {} },
  { name: 'status=completed', query: 'status=completed', filter: { status: 'completed' } },
  { name: 'status=failed or cancelled', query: 'status=failed&status=cancelled', filter: { status: { $in: ['failed', 'cancelled'] } } },
  { name: 'operation=ADD', query: 'operation=ADD', filter: { operation: 'ADD' } },
  { name: 'operation=ADD or CHANGE', query: 'operation=ADD&operation=CHANGE', filter: { operation: { $in: ['ADD', 'CHANGE'] } } },
  { name: `dataset=${busyDataset}`, query: `dataset=${busyDataset}`, filter: { datasetName: busyDataset } },
];

const pathOf = (...parts) => `/api/v1/jobs?${parts.filter((part) => part !== '').join('&')}`;

/** Keys of items in a list by their distance from its beginning: the middle one, and the one before the last page. */
async function placesOf(completed, filter, field) {
  const count = await completed.countDocuments(filter);
  const keyAt = async (skip) => {
    const item = await completed.findOne(filter, { sort: { [field]: -1, _id: -1 }, skip, projection: { [field]: 1 } });
    return [item[field], item._id];
  };
  return { middle: await keyAt(Math.floor(count / 2)), last: await keyAt(Math.max(0, count - pageLength - 1)) };
}

async function pagesOf({ name, query, filter }, sort, { completed, get, headers, times }) {
  const first = pathOf(query, `sort=${sort}`);
  const { nextCursor } = JSON.parse(await get({ path: first, headers }));
  const [binding] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString());
  const places = await placesOf(completed, filter, sorts[sort]);
  const behind = (key) => pathOf(query, `sort=${sort}`, `cursor=${encodeCursor({ direction: 'after', key }, binding)}`);
  const before = pathOf(query, `sort=${sort}`, `${sorts[sort].replace('At', 'Before')}=${places.middle[0].toISOString()}`);
  const list = `${name}, ${sort}`;
  const paths = { first, 'middle by time': before, middle: behind(places.middle), last: behind(places.last) };
  return Object.entries(paths).map(([depth, path]) => ({ name: `${list}: ${depth}`, list, depth, path, headers, times }));
}

/**
 * Requests for pages of every kind of native list: the first, the middle and the last by cursor, and the middle by a filter of time.
 * @param {object} tools
 * @param {import('mongoose').mongo.Collection} tools.completed
 * @param {(request: object) => Promise<string>} tools.get
 * @param {object} tools.headers
 * @param {number} tools.times
 */
export async function listRequests(tools) {
  const requests = [];
  for (const kind of kinds) for (const sort of Object.keys(sorts)) requests.push(...(await pagesOf(kind, sort, tools)));
  const { headers, times } = tools;
  const queued = pathOf('status=queued');
  requests.push({ name: 'status=queued: first', list: 'status=queued, -createdAt', depth: 'first', path: queued, headers, times });
  return requests;
}
