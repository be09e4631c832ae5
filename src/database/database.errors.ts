/** Thrown when the database can never work with this service as it is; the message says what was found and the cure. */
export class DatabaseUnusableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUnusableError';
  }
}
