import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Readings } from './gauges.js';
import { MetricSources, sourceLimitMs } from './metric-sources.js';
import { Metrics } from './metrics.js';

function newMetrics(): { metrics: Metrics; sources: MetricSources } {
  const metrics = new Metrics({ commitId: null });
  return { metrics, sources: new MetricSources(metrics) };
}

describe('Metrics', () => {
  it('counts and measures jobs by operation and outcome', async () => {
    const { metrics, sources } = newMetrics();
    metrics.jobCreated('ADD');
    metrics.jobStarted('ADD', 3);
    metrics.jobFinished('ADD', 'completed', 12);
    metrics.jobFinished('ADD', 'cancelled', null);
    const text = await sources.scrape();
    expect(text).toContain('signalbox_jobs_created_total{operation="ADD"} 1');
    expect(text).toContain('signalbox_jobs_finished_total{operation="ADD",outcome="completed"} 1');
    expect(text).toContain('signalbox_jobs_finished_total{operation="ADD",outcome="cancelled"} 1');
    expect(text).toContain('signalbox_job_wait_seconds_sum{operation="ADD"} 3');
    expect(text).toContain('signalbox_job_run_seconds_sum{operation="ADD",outcome="completed"} 12');
    expect(text).not.toContain('signalbox_job_run_seconds_sum{operation="ADD",outcome="cancelled"}');
  });

  it('has the version, and the metrics of the process', async () => {
    const text = await newMetrics().sources.scrape();
    expect(text).toMatch(/signalbox_build_info\{version="\d+\.\d+\.\d+"\} 1/);
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('bounds the series that operations can make', async () => {
    const { metrics, sources } = newMetrics();
    metrics.jobCreated('ADD');
    for (let i = 0; i < 10_000; i++) metrics.jobCreated(`EXTRA_${i}`);
    metrics.jobCreated('ADD');
    const series = (await sources.scrape()).match(/^signalbox_jobs_created_total\{.*$/gm)!;
    expect(series).toHaveLength(51);
    expect(series).toContain('signalbox_jobs_created_total{operation="ADD"} 2');
    expect(series).toContain('signalbox_jobs_created_total{operation="other"} 9951');
  });

  it('takes no operation that is not a word', async () => {
    const { metrics, sources } = newMetrics();
    for (const operation of ['', 'a"b', 'x'.repeat(65), 'https://example.org/', '$where']) metrics.jobCreated(operation);
    expect((await sources.scrape()).match(/^signalbox_jobs_created_total.*$/gm)).toEqual([
      'signalbox_jobs_created_total{operation="other"} 5',
    ]);
  });
});

describe('MetricSources', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });
  afterEach(() => void jest.useRealTimers());

  const everything: Readings = {
    jobs: { queued: 2, running: 1 },
    jobsStale: 1,
    jobQueueAgeSeconds: { ADD: 7 },
    maintenance: 'draining',
    relayPending: 3,
    relayLagSeconds: 0.5,
    keySetAgeSeconds: 60,
    transactionRetries: 4,
    databaseConnections: { inUse: 5 },
  };
  const lines = [
    'signalbox_jobs{status="queued"} 2',
    'signalbox_jobs{status="running"} 1',
    'signalbox_jobs_stale 1',
    'signalbox_job_queue_age_seconds{operation="ADD"} 7',
    'signalbox_maintenance{mode="off"} 0',
    'signalbox_maintenance{mode="draining"} 1',
    'signalbox_maintenance{mode="quiet"} 0',
    'signalbox_relay_pending 3',
    'signalbox_relay_lag_seconds 0.5',
    'signalbox_key_set_age_seconds 60',
    'signalbox_transaction_retries_total 4',
    'mongodb_connections{state="inUse"} 5',
  ];

  it('shows what its sources read, the same again at the next scrape', async () => {
    const { sources } = newMetrics();
    sources.register('everything', async () => everything);
    expect((await sources.scrape()).split('\n')).toEqual(expect.arrayContaining(lines));
    expect((await sources.scrape()).split('\n')).toEqual(expect.arrayContaining(lines));
  });

  it('leaves out what was not read in time, old values too, and shows the rest', async () => {
    const { sources } = newMetrics();
    const never = new Promise<Readings>(() => undefined);
    let answer: () => Promise<Readings> = async () => ({ jobs: { queued: 2, running: 1 }, relayPending: 3 });
    sources.register('jobs', () => answer());
    sources.register('keys', async () => ({ keySetAgeSeconds: 60 }));
    expect(await sources.scrape()).toContain('signalbox_relay_pending 3');
    answer = () => never;
    const scrape = sources.scrape();
    await jest.advanceTimersByTimeAsync(sourceLimitMs);
    const text = await scrape;
    expect(text).not.toMatch(/^signalbox_(jobs|relay_pending|maintenance)\b[^_]/m);
    expect(text).toContain('signalbox_key_set_age_seconds 60');
  });

  it('leaves out a source that fails', async () => {
    const { sources } = newMetrics();
    sources.register('jobs', async () => {
      throw new Error('no database');
    });
    expect(await sources.scrape()).toContain('signalbox_build_info');
  });

  it('does not read a hanging source again', async () => {
    const { sources } = newMetrics();
    let read = 0;
    sources.register('jobs', () => {
      read++;
      return new Promise(() => undefined);
    });
    for (let i = 0; i < 3; i++) {
      const scrape = sources.scrape();
      await jest.advanceTimersByTimeAsync(sourceLimitMs);
      await scrape;
    }
    expect(read).toBe(1);
  });
});
