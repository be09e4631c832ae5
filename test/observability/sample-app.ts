import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Param, Post } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Public } from '../../src/auth/index.js';
import { ERROR_TRANSLATORS, ErrorFilter } from '../../src/common/http/error.filter.js';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';
import { ServiceUnavailableError } from '../../src/common/errors/service.errors.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings, type Settings } from '../../src/config/settings.js';
import {
  createLogger,
  installObservability,
  NestPinoLogger,
  ObservabilityModule,
  requestIdOf,
  stampRequest,
} from '../../src/observability/index.js';

@Controller()
class SampleController {
  @Get('jobs')
  @Public()
  list(): object {
    return { jobs: [] };
  }

  @Get('jobs/:jobId')
  @Public()
  one(@Param('jobId') jobId: string): object {
    return { jobId };
  }

  @Post('jobs')
  @Public()
  create(): object {
    throw new ServiceUnavailableError('The service cannot answer now. Try again.', new Error('no primary'));
  }

  @Get('fault')
  @Public()
  fault(): never {
    throw new Error('mongodb://user:hunter2@db-1/ is unreachable');
  }

  @Get('slow')
  @Public()
  async slow(): Promise<object> {
    await sleep(300);
    return {};
  }
}

/** The running application and what it wrote. */
export interface Running {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly lines: Record<string, unknown>[];
  /** The `responded` line of the request with this id, once it is written. */
  lineOf(requestId: string): Promise<Record<string, unknown>>;
  /** Metrics as text. */
  scrape(headers?: Record<string, string>): Promise<Response>;
}

function loggerInto(lines: Record<string, unknown>[], level: Settings['logLevel']) {
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  return createLogger({ logLevel: level, logFormat: 'json', commitId: null }, { destination });
}

async function eventually<T>(find: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error('did not happen');
}

/** Runs a small application on a free port, with the adapter and hooks of the service. */
export async function withApp(change: Partial<Settings>, work: (running: Running) => Promise<void>): Promise<void> {
  const lines: Record<string, unknown>[] = [];
  const settings = { ...readSettings({}), dataDir: '/', ...change };
  const logger = loggerInto(lines, settings.logLevel);
  @Module({
    imports: [ConfigModule.with(settings), ObservabilityModule],
    controllers: [SampleController],
    providers: [
      { provide: ERROR_TRANSLATORS, useValue: [] },
      { provide: APP_FILTER, useClass: ErrorFilter },
    ],
  })
  class SampleModule {}
  const adapter = createAdapter({
    logger,
    trustedProxies: [],
    requestIdOf,
    onFrameworkError: (error, request, reply) => {
      stampRequest(request, reply);
      new ErrorFilter([]).answer(error, request, reply);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(SampleModule, adapter, {
    logger: new NestPinoLogger(logger),
    abortOnError: false,
  });
  installObservability(app);
  installServerRules(app.getHttpAdapter().getInstance());
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const lineOf = (requestId: string) =>
    eventually(() => lines.find((line) => line['requestId'] === requestId && line['message'] === 'responded'));
  try {
    await work({ app, url, lines, lineOf, scrape: (headers) => fetch(`${url}/metrics`, { headers }) });
  } finally {
    app.getHttpServer().closeAllConnections();
    await app.close();
  }
}
