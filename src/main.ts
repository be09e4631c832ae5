import { enableCompileCache } from './process/compile-cache.js';

enableCompileCache();
// Imported only now, so that the compiled modules come from the cache.
const { runService } = await import('./process/service.js');
await runService(process.env);
