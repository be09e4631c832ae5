import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { bearerScheme, jobCookieScheme } from './auth/index.js';
import { problemSchema } from './common/http/api-problems.js';
import { readSettings } from './config/settings.js';
import { createLogger } from './observability/index.js';

const description =
  'Signalbox knows what is happening to every dataset of a data platform. Paths under `/api/v1` are its own API; the others are those of the systems it replaces.';

/** The description of the whole API, from the decorators of its controllers. */
function describe(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Signalbox')
    .setDescription(description)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, bearerScheme)
    .addCookieAuth('authorization', { type: 'apiKey', in: 'cookie', name: 'authorization' }, jobCookieScheme)
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: problemSchema as never } };
  return document;
}

/** Writes the description to the file that the command line names; the database is never reached. */
async function main(file: string): Promise<void> {
  const settings = readSettings({
    LOG_LEVEL: 'error',
    DATA_DIR: process.env['DATA_DIR'] ?? '.',
    MONGODB_URL: 'mongodb://127.0.0.1:1/',
    JWKS_URL: 'http://127.0.0.1:1/',
    JWT_ISSUER: 'none',
    JWT_AUDIENCE: 'none',
  });
  const app = await createApplication(settings, 'mongodb://127.0.0.1:1/', createLogger(settings));
  writeFileSync(file, `${JSON.stringify(describe(app), null, 2)}\n`);
  process.exit(0); // connecting goes on in the background otherwise
}

await main(process.argv[2] ?? 'openapi.json');
