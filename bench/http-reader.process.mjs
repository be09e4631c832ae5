import { Client } from 'undici';
import { JsonArrayScanner } from './json-array-scanner.mjs';
import { answerCalls } from './load-process.mjs';

/** @type {Client | undefined} */
let client;
/** Ends the asking that runs. */
let stopAsking = () => Promise.resolve([]);

async function open({ url }) {
  await client?.close();
  client = new Client(url, { pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });
}

async function timed({ path, headers }) {
  const startedAt = performance.now();
  const { statusCode, body } = await client.request({ method: 'GET', path, headers });
  const text = await body.text();
  const ms = performance.now() - startedAt;
  if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode} ${text}`);
  return { ms, text };
}

/** The text of one answer. */
const get = async (request) => (await timed(request)).text;

/**
 * Asks each request as often as it says, one at a time and mixed evenly.
 * @param {{ requests: { name: string, path: string, headers?: object, times: number }[] }} plan
 * @returns latencies in milliseconds and the bytes of the last answer, by name
 */
async function time({ requests }) {
  const turns = requests.flatMap((request) =>
    Array.from({ length: request.times }, (_, n) => ({ request, at: (n + 0.5) / request.times })),
  );
  turns.sort((a, b) => a.at - b.at);
  const results = Object.fromEntries(requests.map(({ name }) => [name, { ms: [], bytes: 0 }]));
  for (const { request } of turns) {
    const { ms, text } = await timed(request);
    results[request.name].ms.push(ms);
    results[request.name].bytes = text.length;
  }
  return results;
}

/** Asks some paths by turns until `stop`. @param {{ requests: object[], everyMs: number }} plan */
async function ask({ requests, everyMs }) {
  const results = Object.fromEntries(requests.map(({ name }) => [name, []]));
  let going = true;
  const asking = (async () => {
    for (let n = 0; going; n++) {
      const request = requests[n % requests.length];
      results[request.name].push((await timed(request)).ms);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return results;
  })();
  asking.catch(() => undefined); // whoever stops it sees it
  stopAsking = () => {
    going = false;
    return asking;
  };
}

/** Reads a list as it comes and keeps nothing of it. */
async function read({ path, headers }) {
  const startedAt = performance.now();
  const { statusCode, body } = await client.request({ method: 'GET', path, headers });
  if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode} ${await body.text()}`);
  const scanner = new JsonArrayScanner();
  for await (const chunk of body) scanner.take(chunk);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { items: scanner.items, bytes: scanner.bytes, whole: scanner.isWhole, seconds };
}

answerCalls({ open, get, time, ask, read, stop: () => stopAsking() });
