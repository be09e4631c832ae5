import { parentPort } from 'node:worker_threads';
import { scanLimits } from './scan-limits.js';
import { scanTar, type ScanRequest } from './tar-scan.js';

// Entry of a worker thread: answers each request with its scan, one at a time. `ScanThread` owns it.
parentPort?.on('message', (request: ScanRequest) => {
  void scanTar(request, scanLimits).then((scan) => parentPort?.postMessage(scan));
});
