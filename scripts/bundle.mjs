import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * What `npm start` runs, what that loads once the compile cache is on, and the thread. Each is one file, in one flat folder that is as deep as the
 * folders of the features, so that `../../` leads to the same place from both.
 */
const entryPoints = {
  main: 'dist/main.js',
  service: 'dist/process/service.js',
  'scan.worker': 'dist/datasets/importables/scan.worker.js',
};

const serviceStaysApart = {
  name: 'service-stays-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^[.][/]process[/]service[.]js$/ }, () => ({ path: './service.js', external: true }));
  },
};

/** Nest asks for these and goes on without them. */
const optionalPackages = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  '@fastify/view',
  '@fastify/cors',
  '@fastify/multipart',
];

/** Imported late and rarely, so that they are left where they are. */
const latePackages = ['file-type', 'jwks-rsa', 'yaml'];

/** The service serves the committed description of its API, so that its decorators need not do anything. */
const descriptionShim = fileURLToPath(new URL('../node_modules/@nestjs/swagger/dist/extra/swagger-shim.js', import.meta.url));

const fileOnly = Buffer.from(JSON.stringify({ version: 3, sources: [''], mappings: 'AAAA' })).toString('base64');

/** Maps a package's code to its file without the line: whole maps would be five times as large, and are read when the first error is logged. */
const mapPackagesByFile = {
  name: 'map-packages-by-file',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*[.][cm]?js$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8');
      return { contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${fileOnly}`, loader: 'js' };
    });
  },
};

/** Puts the compiled service and its packages into a few files in `dist/bundle`: loading thousands of small ones takes most of a start. */
await build({
  entryPoints,
  outdir: 'dist/bundle',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  keepNames: true, // Nest and the errors show the names of classes
  sourcemap: true,
  sourcesContent: false,
  alias: { '@nestjs/swagger': descriptionShim },
  external: [...optionalPackages, ...latePackages],
  plugins: [serviceStaysApart, mapPackagesByFile],
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  logLevel: 'warning',
  logOverride: { 'duplicate-object-key': 'silent' }, // what Nest's compiler plugin adds to its decorators
});
