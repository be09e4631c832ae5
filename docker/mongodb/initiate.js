// Run by mongosh on the server's own network, with every start: makes the replica set of one node and its two users, or finds them made.
/* global db, fs, print, rs, sleep -- given by mongosh */

const alreadyInitialized = 23;
const unauthorized = 13;
const userNotFound = 11;

const secret = (name) => fs.readFileSync(`/secrets/mongodb/${name}`, 'utf8').trim();
const admin = db.getSiblingDB('admin');
const service = db.getSiblingDB('signalbox');

/** Does what may have been done by an earlier start, which shows as one of the codes. */
function attempt(codes, work) {
  try {
    work();
  } catch (error) {
    if (!codes.includes(error.code)) throw error;
  }
}

// The first steps are open to this machine until the first user exists; afterwards they are refused, and needless.
attempt([alreadyInitialized, unauthorized], () => rs.initiate({ _id: 'signalbox', members: [{ _id: 0, host: 'mongodb:27017' }] }));
for (let waited = 0; !db.hello().isWritablePrimary; waited += 100) {
  if (waited > 60_000) throw new Error('the replica set has no primary after 60 s');
  sleep(100);
}
attempt([unauthorized], () => admin.createUser({ user: 'admin', pwd: secret('admin-password'), roles: ['root'] }));
admin.auth('admin', secret('admin-password'));

const user = { pwd: secret('service-password'), roles: [{ role: 'readWrite', db: 'signalbox' }] };
try {
  service.updateUser('signalbox', user);
} catch (error) {
  if (error.code !== userNotFound) throw error;
  service.createUser({ user: 'signalbox', ...user });
}
print('The replica set is ready.');
