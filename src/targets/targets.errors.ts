import { AppError, defineError } from '../common/errors/app-error.js';

const notFound = defineError({
  code: 'TARGETS.NOT_FOUND',
  kind: 'not-found',
  title: 'No such target',
  cause: 'No job has had this target, and no completed BUMP has named it.',
  cure: 'List the targets with `GET /api/v1/targets`; names are compared exactly.',
});

/** Thrown when no job ever concerned the target. */
export class TargetNotFoundError extends AppError {
  constructor(name: string) {
    super(notFound, `No target is named ${name}.`);
  }
}
