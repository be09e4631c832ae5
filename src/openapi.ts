import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { bearerScheme, jobCookieScheme } from './auth/index.js';
import { readSettings } from './config/settings.js';
import { createLogger } from './observability/index.js';
import { completed } from './openapi-document.js';

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
    .addGlobalResponse({ status: 500, description: 'Unexpected error; its `requestId` finds the log line' })
    .build();
  return completed(SwaggerModule.createDocument(app, config));
}

/** Settings of an application that is only looked at: nothing that they name is ever reached. */
const settingsIn = (dataDir: string) =>
  readSettings({
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    MONGODB_URL: nowhere.database,
    JWKS_URL: nowhere.keys,
    JWT_ISSUER: 'none',
    JWT_AUDIENCE: 'none',
  });

const nowhere = { database: 'mongodb://127.0.0.1:1/', keys: 'http://127.0.0.1:1/' } as const;

/** Writes the description to a file. */
async function main(file: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-openapi-'));
  try {
    const settings = settingsIn(dataDir);
    const app = await createApplication(settings, nowhere.database, createLogger(settings));
    writeFileSync(file, `${JSON.stringify(describe(app), null, 2)}\n`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  process.exit(0); // connecting goes on in the background otherwise
}

await main(process.argv[2] ?? 'openapi.json');
