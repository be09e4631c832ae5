import type { Actor } from '../common/caller.js';
import { type MaintenanceRecord, type MaintenanceSwitch, pausedMsUntil, untouched } from '../maintenance/maintenance-lifecycle.js';
import type { ImportOptions } from './import-options.js';
import { instantOf } from './naive-time.js';
import { labelOf, type OriginalMaintenance } from './original-documents.js';
import type { ImportLedger } from './report.js';
import type { TakenRecord, TakeoverStore } from './takeover.store.js';

/** Nobody is known as the one who set the original's switch. */
const setBy: Actor = { id: 'unknown', name: 'Original job service', role: 'system', address: null };

export interface MaintenanceTakeover {
  readonly records: readonly OriginalMaintenance[];
  readonly store: TakeoverStore;
  readonly ledger: ImportLedger;
  readonly options: Pick<ImportOptions, 'zone' | 'dryRun'>;
}

function settingOf({ msg, paused, timestamp }: OriginalMaintenance, zone: string): { on: boolean; reason: string; at: Date } | string {
  const at = instantOf(timestamp, zone);
  if (!at) return `its timestamp ${JSON.stringify(timestamp)} is no time`;
  if (typeof paused !== 'boolean') return 'it does not say whether it is a pause';
  return { on: paused, reason: typeof msg === 'string' ? msg : '', at };
}

/** Milliseconds under maintenance before a setting's own turn of the switch began. */
const pausedMsBefore = (previous: MaintenanceSwitch, { on, at }: { on: boolean; at: Date }): number =>
  previous.on && !on ? pausedMsUntil(previous, at) : previous.pausedMs;

/** The records behind those that are here already, numbered; the switch is since its last turn. */
function numbered(
  settings: readonly { _id: unknown; on: boolean; reason: string; at: Date }[],
  newest: MaintenanceRecord | undefined,
): TakenRecord[] {
  let previous = newest;
  return settings.map(({ _id, ...setting }) => {
    const since: Date = previous?.on === setting.on ? previous.since : setting.at;
    const pausedMs = pausedMsBefore(previous ?? untouched, setting);
    const record = {
      ...untouched,
      ...setting,
      _id: _id as TakenRecord['_id'],
      number: (previous?.number ?? 0) + 1,
      setBy,
      since,
      pausedMs,
    };
    previous = record;
    return record;
  });
}

/**
 * Takes the records of the original's switch, oldest first, with their ids. The newest record is the switch: a pause of the original is one here. Records can
 * only follow each other, so none is taken once the switch has been set here.
 */
export async function takeMaintenance({ records, store, ledger, options }: MaintenanceTakeover): Promise<void> {
  const stored = await store.records();
  const known = new Set(stored.map(({ _id }) => String(_id)));
  const sourceIds = new Set(records.map(({ _id }) => String(_id)));
  const ownRecords = stored.some(({ _id }) => !sourceIds.has(String(_id)));
  const fresh: { _id: unknown; on: boolean; reason: string; at: Date }[] = [];
  for (const record of records) {
    ledger.found('maintenance');
    const id = labelOf(record.timestamp);
    const setting = settingOf(record, options.zone);
    if (known.has(String(record._id))) ledger.done('maintenance', 'unchanged');
    else if (typeof setting === 'string') ledger.refuse('maintenance', id, setting);
    else if (ownRecords)
      ledger.refuse('maintenance', id, 'the switch has been set in Signalbox already, and history cannot be put before it');
    else fresh.push({ _id: record._id, ...setting });
  }
  for (const record of numbered(fresh, stored.at(-1))) {
    if (!options.dryRun) await store.addRecord(record);
    ledger.done('maintenance', 'taken');
  }
}
