import { setTimeout as sleep } from 'node:timers/promises';

const profiled = ['find', 'filter', 'sort', 'projection', 'limit', 'hint'];
const relayHint = 'outbox';

/** Names of all stages of a plan. */
function stagesOf(plan, found = []) {
  if (plan === null || typeof plan !== 'object') return found;
  if (typeof plan.stage === 'string') found.push(plan.stage);
  for (const inner of Object.values(plan)) stagesOf(inner, found);
  return found;
}

async function explain(db, command) {
  const { queryPlanner, executionStats } = await db.command({ explain: command, verbosity: 'executionStats' });
  const { totalKeysExamined: keys, totalDocsExamined: documents, nReturned: returned, executionTimeMillis: ms } = executionStats;
  const indexes = [...JSON.stringify(queryPlanner.winningPlan).matchAll(/"indexName":"([^"]+)"/g)].map(([, name]) => name);
  return {
    collection: command.find,
    stages: stagesOf(queryPlanner.winningPlan),
    indexes: [...new Set(indexes)],
    keys,
    documents,
    returned,
    ms,
  };
}

/**
 * What the database does for requests: each is made once while the database records what the service asks of it, and those very queries are explained.
 * @param {import('mongoose').mongo.Db} db
 * @param {{ name: string }[]} requests
 * @param {(request: object) => Promise<unknown>} make
 */
export async function plansOf(db, requests, make) {
  const plans = [];
  await db.command({ profile: 2 });
  try {
    for (const request of requests) {
      const since = new Date((await db.admin().command({ hello: 1 })).localTime);
      await sleep(2); // the clock of the records has whole milliseconds
      await make(request);
      for (const command of await recordedSince(db, since)) plans.push({ request: request.name, ...(await explain(db, command)) });
    }
  } finally {
    await db.command({ profile: 0 });
    await db.collection('system.profile').drop();
  }
  return plans;
}

async function recordedSince(db, since) {
  const ours = { ts: { $gt: since }, op: 'query', appName: 'signalbox', 'command.find': { $in: ['inprogress', 'completed'] } };
  const records = await db.collection('system.profile').find(ours).toArray();
  const commands = records.map(({ command }) => command).filter(({ hint }) => hint !== relayHint);
  return commands.map((command) => Object.fromEntries(profiled.filter((name) => name in command).map((name) => [name, command[name]])));
}
