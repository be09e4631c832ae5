import module from 'node:module';

/** Keeps compiled modules on disk where the runtime can (Node 22.8 and newer), which takes a third off the start. */
export function enableCompileCache(): void {
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
}
