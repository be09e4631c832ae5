import { Body, Controller, Delete, Get, HttpCode, type INestApplication, Module, Post, Req } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication, RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import {
  assertSameSite,
  AuthModule,
  CompatCookies,
  CompatRoles,
  CurrentCaller,
  JobCookies,
  KeySource,
  Public,
  Roles,
} from '../../src/auth/index.js';
import type { Caller } from '../../src/common/caller.js';
import { RequestInvalidError } from '../../src/common/errors/request.errors.js';
import { ERROR_TRANSLATORS, ErrorFilter } from '../../src/common/http/error.filter.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings } from '../../src/config/settings.js';

@Controller('api/v1/things')
class NativeController {
  @Roles('reader')
  @Get()
  list(@CurrentCaller() caller: Caller): Caller {
    return caller;
  }

  @Roles('operator', 'pipeline')
  @RouteConfig({ bodyLimits: { depth: 3 } })
  @Post()
  @HttpCode(201)
  create(@Body() body: unknown): unknown {
    if (typeof (body as { name?: unknown }).name !== 'string') throw new RequestInvalidError('name must be a text');
    return {};
  }

  @Public()
  @Get('open')
  open(@CurrentCaller() caller: Caller): Caller {
    return caller;
  }

  @Get('unmarked')
  unmarked(): string {
    return 'for admins';
  }
}

@Controller('things')
class OldController {
  constructor(private readonly cookies: JobCookies) {}

  @CompatRoles('worker')
  @Get()
  list(@CurrentCaller() caller: Caller): Caller {
    return caller;
  }

  @CompatRoles('operator')
  @Delete()
  remove(): unknown {
    return {};
  }

  @CompatCookies()
  @Post()
  @HttpCode(200)
  async create(@Req() request: FastifyRequest): Promise<unknown> {
    assertSameSite(request);
    return this.cookies.verify(request.headers.cookie);
  }
}

/** An application with routes of every kind of access, and what it answers. */
export class TinyApp {
  private constructor(private readonly app: INestApplication & NestFastifyApplication) {}

  static async start(env: NodeJS.ProcessEnv): Promise<TinyApp> {
    @Module({
      imports: [ConfigModule.with(readSettings(env)), AuthModule],
      controllers: [NativeController, OldController],
      providers: [
        { provide: ERROR_TRANSLATORS, useValue: [] },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
    })
    class TinyModule {}
    const app = await NestFactory.create<NestFastifyApplication>(TinyModule, new FastifyAdapter(), { logger: false });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new TinyApp(app);
  }

  get keys(): KeySource {
    return this.app.get(KeySource);
  }

  /** The answer to a request such as `GET /things`. */
  async call(line: string, headers: Record<string, string> = {}, payload?: string) {
    const [method, url] = line.split(' ') as ['GET', string];
    return this.app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
