import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../events/eventually.js';
import { freshDatabaseName } from '../support/database.js';
import { adminToken, startService } from '../support/service.js';
import { faultsOf } from './facet-schemas.js';
import { StubReceiver } from './stub-receiver.js';

describe('OpenLineage events of a service that is killed while the receiver is away', () => {
  it('are told by the next one, from where the first had come to', async () => {
    const receiver = await StubReceiver.start();
    const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-lineage-'));
    const options = { dataDir, env: { OPENLINEAGE_URL: receiver.url, MONGODB_DATABASE: freshDatabaseName() } };
    try {
      const first = await startService(options);
      const headers = { authorization: `Bearer ${await adminToken(dataDir)}` };
      const json = { datasetName: 'TOLD', operation: 'ADD' };
      await eventually(async () => /consuming[^"]*trace, job/.test(first.output()));
      const { jobId } = (await first.http.send('POST', '/api/v1/jobs', { json, headers })).json<{ jobId: string }>();
      await eventually(() => receiver.typesOf(jobId).length === 1);
      receiver.behave = () => null;
      await first.http.send('POST', `/api/v1/jobs/${jobId}/cancel`, { json: { reason: 'no more' }, headers });
      await eventually(() => receiver.calls.some(({ status }) => status === null));
      await first.kill();
      first.http.close();
      receiver.behave = () => 201;
      const second = await startService(options);
      try {
        await eventually(() => receiver.typesOf(jobId).includes('ABORT'), 40_000);
        expect([...new Set(receiver.typesOf(jobId))]).toEqual(['START', 'ABORT']);
        expect(receiver.taken().flatMap(faultsOf)).toEqual([]);
      } finally {
        await second.stop();
      }
    } finally {
      await receiver.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});
