import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type Application, type Route } from './application.js';
import { projectFile } from './sources.js';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const described = Object.entries((JSON.parse(projectFile('openapi.json')) as OpenApi).paths).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
);

/** What may be public, by the start of its path. */
const publicPaths = ['/health/', '/metrics', '/api/v1/version', '/api/openapi.', '/docs', '/.well-known/jwks.json', '/api/docs'];

const nameOf = ({ method, path }: Route): string => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}')}`;
const isAsset = ({ path }: Route): boolean => path.startsWith('/docs/assets/');

describe('the router of the application', () => {
  let application: Application;
  let routes: readonly Route[];

  beforeAll(async () => {
    application = await startApplication();
    routes = application.routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
  });

  afterAll(async () => application.stop());

  it('has no route that is neither guarded nor explicitly public', () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.filter(({ access }) => access === undefined).map(nameOf)).toEqual([]);
  });

  it('has public routes for health, metrics, version, description and keys only', () => {
    const open = routes.filter(({ access, path }) => access?.kind === 'public' && !publicPaths.some((start) => path.startsWith(start)));
    expect(open.map(nameOf)).toEqual([]);
  });

  it('lets readers read, and nothing else', () => {
    const writing = routes.filter(
      ({ method, access }) => method !== 'GET' && access && 'roles' in access && access.roles.includes('reader'),
    );
    expect(writing.map(nameOf)).toEqual([]);
  });

  it('asks for cookies on POST /jobs alone', () => {
    expect(routes.filter(({ access }) => access?.kind === 'cookies').map(nameOf)).toEqual(['POST /jobs']);
  });

  it('lets a dataset decide on the trace routes of old alone', () => {
    const decided = routes.filter(({ access }) => access?.kind === 'datasets').map(({ path }) => path);
    expect(new Set(decided)).toEqual(
      new Set(
        ['', '/status-api'].flatMap((base) => ['/status', '/status/:traceId', '/status-from-path/*'].map((path) => `${base}${path}`)),
      ),
    );
  });

  it('answers 401 on every guarded route, whatever the body, when there is no token', async () => {
    const guarded = routes.filter(({ access }) => access && ['roles', 'compat', 'datasets'].includes(access.kind));
    const answers = await Promise.all(
      guarded.map(async (route) => `${nameOf(route)} ${await application.statusOf(route.method, route.path.replace(/:\w+|\*/g, 'x'))}`),
    );
    expect(answers).toEqual(guarded.map((route) => `${nameOf(route)} 401`));
  });

  it('is what openapi.json describes, assets aside', () => {
    expect([...described].sort()).toEqual(
      routes
        .filter((route) => !isAsset(route))
        .map(nameOf)
        .sort(),
    );
  });
});
