import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { NestPinoLogger } from './nest-logger.js';

function loggerWithLines(): { logger: NestPinoLogger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  const settings = { logLevel: 'trace', logFormat: 'json', commitId: null } as const;
  return { logger: new NestPinoLogger(createLogger(settings, { destination })), lines };
}

describe('NestPinoLogger', () => {
  it.each([
    ['fatal', 'fatal'],
    ['error', 'error'],
    ['warn', 'warn'],
    ['log', 'info'],
    ['debug', 'debug'],
    ['verbose', 'trace'],
  ] as const)('writes %s as level %s with the component', (method, level) => {
    const { logger, lines } = loggerWithLines();
    logger[method]('something', 'JobsService');
    expect(lines).toMatchObject([{ level, message: 'something', component: 'JobsService' }]);
  });

  it.each(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication'])(
    'moves what %s says at start to debug',
    (name) => {
      const { logger, lines } = loggerWithLines();
      logger.log('dependencies initialized', name);
      expect(lines).toMatchObject([{ level: 'debug' }]);
    },
  );

  it('takes an entry with fields', () => {
    const { logger, lines } = loggerWithLines();
    logger.warn({ message: 'job is stale', jobId: '7b0c', datasetName: 'ROAD_TRAFFIC' }, 'JobsTask');
    expect(lines).toMatchObject([{ message: 'job is stale', jobId: '7b0c', datasetName: 'ROAD_TRAFFIC', component: 'JobsTask' }]);
  });

  it('takes an error as the message, beside it, or as a stack', () => {
    const { logger, lines } = loggerWithLines();
    const error = Object.assign(new Error('broken'), { code: 'E1' });
    logger.error(error, 'Relay');
    logger.error('relay stopped', error, 'Relay');
    logger.error('relay stopped', 'Error: broken\n    at relay', 'Relay');
    expect(lines).toMatchObject([
      { message: 'broken', 'error.code': 'E1', error: { message: 'broken' }, component: 'Relay' },
      { message: 'relay stopped', 'error.code': 'E1', error: { message: 'broken' }, component: 'Relay' },
      { message: 'relay stopped', error: { stack: 'Error: broken\n    at relay' }, component: 'Relay' },
    ]);
  });
});
