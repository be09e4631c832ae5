import { AppError, defineError } from '../common/errors/app-error.js';

const unknownCode = defineError({
  code: 'DOCS.NOT_FOUND',
  kind: 'not-found',
  title: 'No such page',
  cause: 'No error has this code.',
  cure: 'Look at `/docs/errors` for all codes.',
});

/** Thrown when the page of an error code is asked for that does not exist. */
export class ErrorPageNotFoundError extends AppError {
  constructor(code: string) {
    super(unknownCode, `No error has the code ${code}.`);
  }
}
