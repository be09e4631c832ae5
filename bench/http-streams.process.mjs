import { Agent, request } from 'node:http';
import { answerCalls } from './load-process.mjs';

const streams = new Set();
/** Milliseconds from the time of a change to its arrival, of all streams. */
let delays = [];

/** Every second line of a stream is an event's JSON, of which only the time matters. */
function readTimes(response) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text) => {
    const arrivedAt = Date.now();
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const { time } = JSON.parse(line.slice('data: '.length));
      if (time) delays.push(arrivedAt - Date.parse(time));
    }
  });
}

function openOne({ url, bearer }) {
  return new Promise((resolve, reject) => {
    const options = { headers: { authorization: `Bearer ${bearer}` }, agent: new Agent() };
    const stream = request(`${url}/api/v1/events/stream?topic=job`, options, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`stream: ${response.statusCode}`));
      response.on('error', () => undefined);
      readTimes(response);
      response.once('data', resolve); // the opening frame: it follows from here on
    });
    stream.on('error', reject);
    streams.add(stream);
    stream.end();
  });
}

/** Opens so many more streams. @param {{ url: string, bearer: string, count: number }} options */
async function open({ count, ...place }) {
  for (let n = 0; n < count; n++) await openOne(place);
  return streams.size;
}

/** The delays since the last call. */
function take() {
  const taken = delays;
  delays = [];
  return taken;
}

function closeAll() {
  for (const stream of streams) stream.destroy();
  streams.clear();
}

answerCalls({ open: async (options) => open(options), take: async () => take(), closeAll: async () => closeAll() });
