/** Documents that a stream asks the server for at once. */
export const batchSize = 100;

interface Cursor<T> {
  next(): Promise<T | null>;
  readBufferedDocuments(): T[];
  close(): Promise<void>;
}

/** The documents of a cursor in arrays of bounded size, in order; closes the cursor when the reader stops. */
export async function* inBatches<T>(cursor: Cursor<T>): AsyncGenerator<T[]> {
  try {
    for (let first = await cursor.next(); first !== null; first = await cursor.next()) yield [first, ...cursor.readBufferedDocuments()];
  } finally {
    await cursor.close();
  }
}
