import { tmpdir } from 'node:os';
import type { CommandIo } from '../../src/cli/command-io.js';
import { type FakeService, type Route, withFakeService } from '../client/fake-service.js';
import { type Ran, run } from './run.js';

interface Circumstances extends Partial<CommandIo> {
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a line against a service with these routes. */
export async function against(
  routes: Readonly<Record<string, Route>>,
  line: string,
  { env = {}, ...io }: Circumstances = {},
): Promise<Ran & { fake: FakeService }> {
  return withFakeService(routes, async (fake) => {
    const ran = await run(line, { SIGNALBOX_URL: fake.url, SIGNALBOX_TOKEN: 'secret', DATA_DIR: tmpdir(), ...env }, io);
    return { ...ran, fake };
  });
}
