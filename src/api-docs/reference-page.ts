import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Our own style and start script, and the program that draws the page. */
export const assetFolders = {
  own: fileURLToPath(new URL('../../assets/docs/', import.meta.url)),
  swaggerUi: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
} as const;

/** The interactive page; all of its parts are served from here, so that a strict content security policy holds. */
export function referencePage(): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signalbox API</title>' +
    '<link rel="stylesheet" href="/docs/assets/swagger-ui/swagger-ui.css"></head><body><div id="reference"></div>' +
    '<script src="/docs/assets/swagger-ui/swagger-ui-bundle.js"></script><script src="/docs/assets/reference.js"></script></body></html>'
  );
}
