import { totalmem } from 'node:os';
import type { DataFolder } from './data-folder.js';

/** Name of the one-node replica set. */
export const replicaSetName = 'signalbox';

const bytesPerGigabyte = 1024 ** 3;

/** A quarter of the memory that this process may use, between 0.25 and 4 GB: the machine has other things to do. */
export function cacheGigabytes(memoryBytes = usableMemoryBytes()): string {
  return Math.min(4, Math.max(0.25, memoryBytes / bytesPerGigabyte / 4)).toFixed(2);
}

function usableMemoryBytes(): number {
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(limit, totalmem());
}

/** Journal files of 32 MB, made when needed: the default makes three of 100 MB before the first write, which doubles the time of a start. */
const journal = 'log=(prealloc=false,file_max=32MB)';

/**
 * The command line of the embedded server. It listens on 127.0.0.1 alone, asks everybody for a password, runs no scripts, and speaks no
 * compression, which would cost time on one machine and has been a hole in old servers.
 */
export function mongodArguments(folder: DataFolder, port: number): string[] {
  return [
    ['--dbpath', folder.dbPath],
    ['--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ['--replSet', replicaSetName, '--oplogSize', '512'],
    ['--keyFile', folder.keyFile, '--noscripting', '--networkMessageCompressors', 'disabled'],
    ['--storageEngine', 'wiredTiger', '--wiredTigerCacheSizeGB', cacheGigabytes(), '--wiredTigerEngineConfigString', journal],
    ['--logpath', folder.logFile, '--logappend', '--quiet', '--slowms', '1000'],
    ['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    ['--setParameter', 'enableLocalhostAuthBypass=false'],
    ['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100'],
  ].flat();
}
