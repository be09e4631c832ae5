// CommonJS packages (jwks-rsa, light-my-request, @fastify/static) require() these ES modules; jest can do that only from Node 24.9 on.
const esmOnlyDependencies = ['jose', 'cookie', 'content-disposition'];
const swc = [
  '@swc/jest',
  {
    sourceMaps: 'inline',
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  },
];
/** @type {import('jest').Config} */
export default {
  globalSetup: '<rootDir>/test/mongod.setup.mjs',
  globalTeardown: '<rootDir>/test/mongod.teardown.mjs',
  testEnvironment: '<rootDir>/test/leak-environment.mjs',
  setupFiles: ['reflect-metadata'],
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.{integration,e2e}-spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' }, // sources import "./x.js", the file is "./x.ts"
  transform: { '^.+\\.ts$': swc, '/node_modules/.+\\.js$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnlyDependencies.join('|')})/)`],
  maxWorkers: 2, // also on two cores: many tests wait for leases, clocks and processes
  testTimeout: 60_000, // a loaded machine is slow; no test depends on speed
  workerIdleMemoryLimit: '768MB',
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.*', '!src/main.ts', '!src/openapi.ts'],
};
