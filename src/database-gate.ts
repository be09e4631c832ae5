import type { FastifyInstance } from 'fastify';
import { ServiceUnavailableError } from './common/errors/service.errors.js';
import type { DatabaseStarter } from './database/database-starter.js';

/**
 * Answers 503 to everything but public routes, which need no database, until the database is prepared and whenever a unique index is missing: what that index
 * would refuse must not be written. Install before the application is initialised.
 */
export function installDatabaseGate(instance: FastifyInstance, starter: Pick<DatabaseStarter, 'usable'>): void {
  instance.addHook('onRequest', (request, _reply, done) => {
    const isPublic = request.is404 || request.routeOptions.config.access?.kind === 'public';
    if (isPublic || starter.usable) done();
    else done(new ServiceUnavailableError('The database is being prepared; /health/ready says what is missing. Try again.'));
  });
}
