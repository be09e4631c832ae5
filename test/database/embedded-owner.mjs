/**
 * A process that owns an embedded database until it is told to end or is killed. Prints `{"pid", "port", "url"}` when ready.
 * Usage: node embedded-owner.mjs DATA_DIR
 */
import { EmbeddedMongod } from '../../dist/database/embedded/embedded-mongod.js';

const nothing = () => undefined;
const mongod = await EmbeddedMongod.start({
  dataDir: process.argv[2],
  binary: process.env.MONGOD_BINARY,
  env: process.env,
  log: { info: nothing, warn: nothing },
});
process.once('SIGTERM', () => void mongod.close());
process.stdout.write(`${JSON.stringify({ pid: mongod.pid, port: mongod.port, url: mongod.url })}\n`);
