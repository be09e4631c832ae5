import mongoose from 'mongoose';
import { replicaSetName } from './mongod-arguments.js';

/** Name of the database user in the recorded address. */
const userName = 'signalbox';

/** All data, their indexes, backup and restore; no users, no server administration. */
const userRoles = ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor', 'backup', 'restore'];

const codes = { userNotFound: 11, authenticationFailed: 18, alreadyInitialized: 23, notYetInitialized: 94 } as const;

interface SetConfig {
  version: number;
  members: { host: string }[];
}

/**
 * The embedded server as its owner sees it: connected as the internal user that the key file defines, which exists before any other user
 * does. So every step can be repeated from any state that a kill in the middle of the first start may have left.
 */
export class ReplicaSetOwner {
  private constructor(
    private readonly client: mongoose.mongo.MongoClient,
    private readonly host: string,
  ) {}

  /** Connects to the server on a port of 127.0.0.1. The caller closes. */
  static async connect(port: number, key: string): Promise<ReplicaSetOwner> {
    const host = `127.0.0.1:${port}`;
    const client = new mongoose.mongo.MongoClient(`mongodb://${host}/`, {
      auth: { username: '__system', password: key },
      authSource: 'local',
      authMechanism: 'SCRAM-SHA-256',
      directConnection: true,
      serverSelectionTimeoutMS: 5_000,
      maxPoolSize: 1,
    });
    try {
      await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
    return new ReplicaSetOwner(client, host);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async serverPid(): Promise<number> {
    const status = await this.#admin({ serverStatus: 1, repl: 0, metrics: 0, wiredTiger: 0 });
    return Number(status['pid']);
  }

  /** Makes the server a set of one under its present host, whether it is new, has this host already, or was known under another port. */
  async initiate(): Promise<void> {
    const config = await this.#config();
    if (!config) {
      await this.#initiateNew();
    } else if (config.members[0]?.host !== this.host) {
      const members = config.members.map((member) => ({ ...member, host: this.host }));
      await this.#admin({ replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
    }
  }

  async isPrimary(): Promise<boolean> {
    return (await this.#admin({ hello: 1 }))['isWritablePrimary'] === true;
  }

  /** Makes the user, or gives it the recorded password again. */
  async ensureUser(password: string): Promise<void> {
    const user = { pwd: password, roles: userRoles, writeConcern: { w: 'majority', j: true } };
    try {
      await this.#admin({ updateUser: userName, ...user });
    } catch (error) {
      if (!hasCode(error, codes.userNotFound)) throw error;
      await this.#admin({ createUser: userName, ...user });
    }
  }

  async #initiateNew(): Promise<void> {
    try {
      await this.#admin({ replSetInitiate: { _id: replicaSetName, members: [{ _id: 0, host: this.host }] } });
    } catch (error) {
      if (!hasCode(error, codes.alreadyInitialized)) throw error;
    }
  }

  async #config(): Promise<SetConfig | null> {
    try {
      return (await this.#admin({ replSetGetConfig: 1 }))['config'] as SetConfig;
    } catch (error) {
      if (hasCode(error, codes.notYetInitialized)) return null;
      throw error;
    }
  }

  #admin(command: mongoose.mongo.Document): Promise<mongoose.mongo.Document> {
    return this.client.db('admin').command(command);
  }
}

/** The address of the server for the database user. */
export function addressOf(port: number, password: string): string {
  return `mongodb://${userName}:${password}@127.0.0.1:${port}/?replicaSet=${replicaSetName}&authSource=admin`;
}

/** Whether the same step may succeed later: what the server or the way to it says, except that the key is wrong. */
export function isPassing(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoError && !hasCode(error, codes.authenticationFailed);
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === code;
}
