import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ServiceStoppingError } from '../common/errors/service.errors.js';
import { MaintenanceOffError, NotQuietError } from './maintenance.errors.js';
import { remainingOf } from './maintenance.dto.js';
import type { MaintenanceView } from './maintenance-status.js';
import { MaintenanceService } from './maintenance.service.js';

const lookEveryMs = 1_000;

/** Callers that wait until maintenance is quiet. All of a process look together, once a second, however many they are. */
@Injectable()
export class QuietWaits implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private look: { readonly atMs: number; readonly view: Promise<MaintenanceView> } | undefined;

  constructor(private readonly maintenance: MaintenanceService) {}

  /**
   * The switch as soon as it is quiet.
   * @param gone aborts when nobody waits any more
   * @throws NotQuietError when the time is over, MaintenanceOffError when the switch is off or goes off, ServiceStoppingError at shutdown
   */
  async untilQuiet(timeoutSeconds: number, gone: AbortSignal): Promise<MaintenanceView> {
    const begunMs = performance.now();
    const deadline = begunMs + timeoutSeconds * 1_000;
    const signal = AbortSignal.any([gone, this.stopping.signal]);
    for (;;) {
      const view = await this.lookTogether(begunMs);
      if (view.mode === 'quiet' && view.quietAt !== null) return view;
      if (view.mode === 'off') throw new MaintenanceOffError();
      const restMs = deadline - performance.now();
      if (restMs <= 0 || gone.aborted) throw new NotQuietError(remainingOf(view));
      await sleep(Math.min(lookEveryMs, restMs), undefined, { signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) throw new ServiceStoppingError();
    }
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /** A look that began not before the caller did: it must not be told of a time before its own pause. */
  private lookTogether(notBeforeMs: number): Promise<MaintenanceView> {
    const now = performance.now();
    const usable = this.look && this.look.atMs >= notBeforeMs && now - this.look.atMs < lookEveryMs / 2;
    if (!usable) this.look = { atMs: now, view: this.maintenance.view() };
    return this.look!.view;
  }
}
