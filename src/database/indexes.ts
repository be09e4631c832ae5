import { isDeepStrictEqual } from 'node:util';
import type { Connection, IndexDefinition, IndexOptions, Model } from 'mongoose';

/** An index as its schema file declares it. */
export interface DeclaredIndex {
  readonly collection: string;
  readonly name: string;
  readonly key: Record<string, number>;
  readonly unique: boolean;
  readonly options: IndexOptions;
}

/** One difference between declaration and database. */
export interface IndexFault {
  readonly collection: string;
  readonly name: string;
  readonly fault: 'missing' | 'different' | 'foreign';
  readonly unique: boolean;
  /** A mongosh command that repairs it; null for a foreign index, which harms nobody. */
  readonly repair: string | null;
  /** A mongosh command that lists the documents which stand in the way of a unique one; null for others. */
  readonly doubles: string | null;
}

const nameOf = (key: Record<string, number>): string =>
  Object.entries(key)
    .map(([field, order]) => `${field}_${order}`)
    .join('_');

/** Every index that the schemas of a connection declare. */
function declaredIndexes(connection: Connection): DeclaredIndex[] {
  return Object.values(connection.models).flatMap((model: Model<unknown>) =>
    model.schema.indexes().map(([definition, options]: [IndexDefinition, IndexOptions]) => {
      const key = definition as Record<string, number>;
      const { background: _background, ...rest } = options;
      const name = typeof rest.name === 'string' ? rest.name : nameOf(key);
      return { collection: model.collection.name, name, key, unique: rest.unique === true, options: { ...rest, name } };
    }),
  );
}

const doublesOf = ({ collection, key, options }: DeclaredIndex): string => {
  const match = options.partialFilterExpression ? `{ $match: ${JSON.stringify(options.partialFilterExpression)} }, ` : '';
  const fields = Object.keys(key).map((field) => `"$${field}"`);
  const group = `{ $group: { _id: [${fields.join(', ')}], ids: { $push: "$_id" } } }`;
  return `db.${collection}.aggregate([${match}${group}, { $match: { "ids.1": { $exists: true } } }])`;
};

const repairOf = (index: DeclaredIndex, drop: boolean): string => {
  const { name, unique, partialFilterExpression, expireAfterSeconds } = index.options;
  const options = JSON.stringify({ name, unique, partialFilterExpression, expireAfterSeconds });
  const create = `db.${index.collection}.createIndex(${JSON.stringify(index.key)}, ${options})`;
  return drop ? `db.${index.collection}.dropIndex("${index.name}"); ${create}` : create;
};

interface StoredIndex {
  name: string;
  key: Record<string, number>;
  unique?: boolean;
  partialFilterExpression?: object;
  expireAfterSeconds?: number;
}

/** Key order matters, so keys are compared as lists. */
const sameIndex = (declared: DeclaredIndex, stored: StoredIndex): boolean =>
  isDeepStrictEqual(Object.entries(declared.key), Object.entries(stored.key)) &&
  declared.unique === (stored.unique === true) &&
  isDeepStrictEqual(declared.options.partialFilterExpression ?? null, stored.partialFilterExpression ?? null) &&
  (declared.options.expireAfterSeconds ?? null) === (stored.expireAfterSeconds ?? null);

const namespaceMissing = 26;

async function storedIndexes(connection: Connection, collection: string): Promise<StoredIndex[]> {
  try {
    return (await connection.db!.collection(collection).indexes()) as unknown as StoredIndex[];
  } catch (error) {
    if ((error as { code?: number }).code === namespaceMissing) return [];
    throw error;
  }
}

async function createMissing(connection: Connection, index: DeclaredIndex): Promise<void> {
  try {
    await connection.db!.collection(index.collection).createIndex(index.key, { ...index.options } as never, {});
  } catch (error) {
    const code = (error as { code?: number }).code;
    // 11000: doubles in the data; 85, 86: another index has the name or the keys. Reading back names the fault and the repair.
    if (code !== 11000 && code !== 85 && code !== 86) throw error;
  }
}

async function createCollections(connection: Connection, names: readonly string[]): Promise<void> {
  const existing = new Set((await connection.db!.listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name));
  for (const name of names.filter((each) => !existing.has(each))) {
    await connection.db!.createCollection(name).catch((error: { code?: number }) => {
      if (error.code !== 48) throw error; // another process was faster
    });
  }
}

const collectionNames = (connection: Connection): string[] => [
  ...new Set(Object.values(connection.models).map((model) => model.collection.name)),
];

/**
 * Creates the collections and indexes that are missing; existing ones stay as they are. Safe to repeat and to run in parallel.
 * @param connection knows the schemas
 * @param open a connection without a time limit on answers: an index over many documents takes minutes; only opened when something is missing;
 * default: the connection itself
 */
export async function createIndexes(connection: Connection, open?: () => Promise<Connection>): Promise<void> {
  await createCollections(connection, collectionNames(connection));
  const missing = (await compareIndexes(connection)).filter(({ fault }) => fault === 'missing');
  if (missing.length === 0) return;
  const patient = open ? await open() : connection;
  try {
    for (const index of declaredIndexes(connection)) {
      if (missing.some(({ collection, name }) => collection === index.collection && name === index.name))
        await createMissing(patient, index);
    }
  } finally {
    if (patient !== connection) await patient.close();
  }
}

/** Every difference between the declared indexes and those of the database. */
export async function compareIndexes(connection: Connection): Promise<IndexFault[]> {
  const declared = declaredIndexes(connection);
  const faults = collectionNames(connection).map(async (collection) => {
    const ours = declared.filter((index) => index.collection === collection);
    return faultsOf(collection, ours, await storedIndexes(connection, collection));
  });
  return (await Promise.all(faults)).flat();
}

function faultsOf(collection: string, ours: readonly DeclaredIndex[], stored: readonly StoredIndex[]): IndexFault[] {
  const wanting = ours.flatMap((index): IndexFault[] => {
    const found = stored.find((candidate) => candidate.name === index.name);
    if (found && sameIndex(index, found)) return [];
    const { name, unique } = index;
    return [
      {
        collection,
        name,
        fault: found ? 'different' : 'missing',
        unique,
        repair: repairOf(index, found !== undefined),
        doubles: unique ? doublesOf(index) : null,
      },
    ];
  });
  const foreign = stored.filter(({ name }) => name !== '_id_' && !ours.some((index) => index.name === name));
  return [
    ...wanting,
    ...foreign.map(({ name }) => ({ collection, name, fault: 'foreign', unique: false, repair: null, doubles: null }) as const),
  ];
}
