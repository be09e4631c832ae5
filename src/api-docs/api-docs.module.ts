import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { ApiDocsController } from './api-docs.controller.js';
import { assetFolders } from './reference-page.js';

/** What the API says of itself. */
@Module({ controllers: [ApiDocsController] })
export class ApiDocsModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const instance = this.host.httpAdapter?.getInstance<FastifyInstance>();
    if (!instance) return;
    const config = { access: { kind: 'public' } } as const;
    instance.addHook('onRoute', (route) => {
      if (route.url.startsWith('/docs/assets/')) route.config = { ...route.config, ...config };
    });
    // One route for each file: what is no name of a file never gets near the file system.
    const options = { wildcard: false, decorateReply: false, index: false } as const;
    void instance.register(fastifyStatic, { ...options, root: assetFolders.swaggerUi, prefix: '/docs/assets/swagger-ui/' });
    void instance.register(fastifyStatic, { ...options, root: assetFolders.own, prefix: '/docs/assets/' });
  }
}
