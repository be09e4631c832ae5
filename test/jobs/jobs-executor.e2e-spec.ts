import { describe, expect, it } from '@jest/globals';
import { bump, freshTarget } from '../support/compat-client.js';
import { buildingPuts, Executor, type Pin } from '../support/executor.js';
import { useService } from '../support/use-service.js';

const statusLines = (statuses: string) => statuses.split(' ').map((status) => `Set status: ${status}`);

describe('the worker of the job service, unchanged (contract 6, 12)', () => {
  const file = useService({ env: { COMPAT_AUTH: 'reference', JWT_AUTH: 'false', BUMP_ENABLED: 'true' } });
  const worker = (pin: Pin) => new Executor(file.http, { pin });
  const pause = (paused: boolean) => file.http.post('/maintenance-status', { msg: paused ? 'Upgrade' : 'Done', paused });

  it.each(['A', 'B', 'C'] as const)('pin %s runs every operation to its end', async (pin) => {
    const target = freshTarget(pin);
    const imports = await Promise.all(
      ['ADD', 'CHANGE', 'PATCH_METADATA'].map((operation) => file.compat.create(freshTarget(pin), operation)),
    );
    const managed = await Promise.all([
      file.compat.create(freshTarget(pin), 'REMOVE', { description: 'old' }),
      file.compat.create(freshTarget(pin), 'SET_STATUS', { releaseStatus: 'DRAFT' }),
      ...['DELETE_DRAFT', 'ROLLBACK_REMOVE', 'DELETE_ARCHIVE'].map((operation) => file.compat.create(freshTarget(pin), operation)),
      file.compat.createItem(bump({ [target]: 'PENDING_RELEASE' })),
    ]);
    await worker(pin).recover();
    await worker(pin).drain();
    for (const id of [...imports, ...managed]) expect((await file.compat.job(id)).status).toBe('completed');
    for (const id of managed) expect(await file.compat.logOf(id)).toEqual(statusLines('initiated completed'));
    const [add, , patch] = imports;
    expect(await file.compat.logOf(add!)).toEqual([
      ...statusLines('initiated decrypting validating'),
      'Added update description',
      ...statusLines('transforming pseudonymizing partitioning built importing completed'),
    ]);
    expect(await file.compat.logOf(patch!)).toEqual([
      ...statusLines('initiated decrypting validating'),
      'Added update description',
      ...statusLines('transforming built importing completed'),
    ]);
    expect((await file.compat.targetRow(target))?.action).toEqual(['RELEASED', '2.1.0']);
  });

  it('goes on with built jobs only while paused', async () => {
    const built = await file.compat.create(freshTarget());
    const waiting = await file.compat.create(freshTarget());
    for (const put of buildingPuts('ADD', 'about it')) await file.compat.update(built, put);
    await pause(true);
    await worker('B').drain();
    expect([(await file.compat.job(built)).status, (await file.compat.job(waiting)).status]).toEqual(['completed', 'queued']);
    await pause(false);
    await worker('B').drain();
    expect((await file.compat.job(waiting)).status).toBe('completed');
  });

  it('fails a job whose tar is missing, from the queue', async () => {
    const id = await file.compat.create(freshTarget());
    await new Executor(file.http, { input: { take: () => Promise.resolve(null), discard: () => Promise.resolve() } }).drain();
    expect(await file.compat.job(id)).toMatchObject({ status: 'failed' });
    expect(await file.compat.logOf(id)).toEqual(['Set status: failed', 'No such dataset available for import']);
  });

  it('recovers the jobs of a run that was interrupted', async () => {
    const [importing, transforming, setting] = [
      await file.compat.create(freshTarget()),
      await file.compat.create(freshTarget()),
      await file.compat.create(freshTarget(), 'SET_STATUS', { releaseStatus: 'DRAFT' }),
    ];
    const bumping = await file.compat.createItem(bump());
    await file.compat.walk(importing, 'initiated', 'built', 'importing');
    await file.compat.walk(transforming, 'initiated', 'transforming');
    await file.compat.walk(setting, 'initiated');
    await file.compat.walk(bumping, 'initiated');
    await worker('A').recover();
    const states = await Promise.all([importing, transforming, setting, bumping].map(async (id) => (await file.compat.job(id)).status));
    expect(states).toEqual(['built', 'failed', 'queued', 'failed']);
    await worker('A').drain();
    expect([(await file.compat.job(importing)).status, (await file.compat.job(setting)).status]).toEqual(['completed', 'completed']);
    expect((await file.compat.logOf(setting)).slice(1, 3)).toEqual(['Set status: queued', 'Retrying due to an unexpected interruption.']);
  });
});
