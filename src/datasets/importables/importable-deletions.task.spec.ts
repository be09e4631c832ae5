import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import mongoose from 'mongoose';
import type { DatabaseStarter } from '../../database/database-starter.js';
import type { ImportableDeletionsService } from './importable-deletions.service.js';
import { ImportableDeletionsTask } from './importable-deletions.task.js';

const later = 3_600_000;

/** A started task whose work is counted; `work` is what it does. */
function startTask(ready: Promise<void>, work: () => Promise<number> = async () => 0) {
  const settleOpen = jest.fn(work);
  const task = new ImportableDeletionsTask({ settleOpen } as unknown as ImportableDeletionsService, { ready } as DatabaseStarter);
  task.onApplicationBootstrap();
  return { task, settleOpen };
}

describe('the task that settles open deletions', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('begins once the database is ready, and never when it will not be', async () => {
    let beReady!: () => void;
    const { task, settleOpen } = startTask(new Promise((resolve) => (beReady = resolve)));
    await jest.advanceTimersByTimeAsync(later);
    expect(settleOpen).not.toHaveBeenCalled();
    beReady();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(settleOpen).toHaveBeenCalledTimes(1);
    await task.onApplicationShutdown();
    const never = startTask(Promise.reject(new Error('unusable')));
    await jest.advanceTimersByTimeAsync(later);
    expect(never.settleOpen).not.toHaveBeenCalled();
  });

  it('does not begin behind the end', async () => {
    const { task, settleOpen } = startTask(Promise.resolve());
    await task.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(later);
    expect(settleOpen).not.toHaveBeenCalled();
  });

  it('tells of an outage of the database in one line', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { task } = startTask(Promise.resolve(), async () => {
      throw new mongoose.MongooseError('Cannot call `x.find()` before initial connection is complete');
    });
    await jest.advanceTimersByTimeAsync(5_000);
    await task.onApplicationShutdown();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/could not be settled.*initial connection/)]]);
  });
});
