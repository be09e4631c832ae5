import { enableCompileCache } from './process/compile-cache.js';

enableCompileCache();
// Imported only now, so that the compiled modules come from the cache.
const { runMigration, runService } = await import('./process/service.js');
await (process.argv[2] === 'migrate' ? runMigration(process.env) : runService(process.env));
