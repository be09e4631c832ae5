import { adminTokenPath } from '../auth/index.js';
import type { Settings } from '../config/settings.js';

/** Tells whoever started the service where everything is and what to try next; on standard error, so that logs stay what they are. */
export function printBanner({ address, settings }: { address: string; settings: Settings }): void {
  if (settings.mongodbUrl && settings.jwksUrl) return;
  const token = adminTokenPath(settings.dataDir);
  const compat = {
    strict: 'The old routes ask for a token; clients without credentials need COMPAT_AUTH=reference.',
    reference: 'COMPAT_AUTH=reference: the old routes are open to everybody who reaches this address.',
  };
  const lines = [
    '',
    `  Signalbox   ${address}   (API: ${address}/docs)`,
    `  Data        ${settings.mongodbUrl ? 'your MongoDB' : settings.dataDir}`,
    `  Importables ${settings.inputDir}`,
    `  Admin token ${token}`,
    '',
    `  ${settings.mongodbUrl ? 'Without JWKS_URL tokens are made here: run one replica only.' : 'This mode is for one machine: its own database and its own tokens.'}`,
    `  ${compat[settings.compatAuth]}`,
    '',
    '  Try next:',
    `    curl ${address}/health/ready`,
    `    curl -H "Authorization: Bearer $(cat ${token})" ${address}/api/v1/jobs`,
    `    curl -X POST ${address}/api/v1/jobs -H "Authorization: Bearer $(cat ${token})" \\`,
    `      -H 'Content-Type: application/json' -d '{"datasetName":"ROAD_TRAFFIC","operation":"ADD"}'`,
    '',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
