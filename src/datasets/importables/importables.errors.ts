import { AppError, defineError } from '../../common/errors/app-error.js';

const notFound = defineError({
  code: 'IMPORTABLES.NOT_FOUND',
  kind: 'not-found',
  title: 'No such importable file',
  cause:
    'The input folder has no file of this name, or it is no readable tar with metadata, or, for a deletion, it stands in the archive only.',
  cure: 'Compare the name with `GET /api/v1/importables`; the log names files that were skipped, and why.',
});

/** Thrown when there is no importable file of the name. */
export class ImportableNotFoundError extends AppError {
  constructor(name: string) {
    super(notFound, `There is no importable file for ${name}.`);
  }
}

const notDeletable = defineError({
  code: 'IMPORTABLES.NOT_DELETABLE',
  kind: 'conflict',
  title: 'File cannot be deleted',
  cause: 'The file system refused to remove the file, or it is a folder.',
  cure: 'Let the user of the service write in `INPUT_DIR`, then repeat the call.',
});

/** Thrown when the file system refuses to remove an importable file. */
export class ImportableNotDeletableError extends AppError {
  constructor(name: string, cause: unknown) {
    super(notDeletable, `The file of ${name} could not be removed (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause });
  }
}

const folderUnreadable = defineError({
  code: 'IMPORTABLES.FOLDER_UNREADABLE',
  kind: 'unavailable',
  title: 'Input folder cannot be read',
  cause: '`INPUT_DIR`, or its folder `archive`, does not exist or the user of the service may not read it.',
  cure: 'Make the folder, mount it, or correct `INPUT_DIR` or its rights.',
  retryable: true,
});

/** Thrown when the input folder cannot be read. */
export class InputFolderUnreadableError extends AppError {
  constructor(cause: unknown) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    super(folderUnreadable, `The input folder cannot be read (${code}).`, { cause, retryAfterSeconds: 10 });
  }
}

const stillRead = defineError({
  code: 'IMPORTABLES.NOT_YET_READ',
  kind: 'unavailable',
  title: 'File is still being read',
  cause: 'The file is large and compressed, and what stands in it is not known yet.',
  cure: 'Repeat the call; the file is read once.',
  retryable: true,
});

/** Thrown when a single importable is asked for and reading its file takes longer than a request waits. */
export class ImportableNotYetReadError extends AppError {
  constructor(name: string) {
    super(stillRead, `The file of ${name} is still being read.`, { retryAfterSeconds: 5 });
  }
}
