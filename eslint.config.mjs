import { basename, dirname, relative } from 'node:path';
import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import js from '@eslint/js';
import jsdoc from 'eslint-plugin-jsdoc';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const specs = ['src/**/*.spec.ts', 'test/**', 'bench/**'];
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const vagueFolder = /(^|\/)(utils?|helpers?|services|controllers|misc)$/;

/** Files are named after the one thing inside, in kebab-case, in a folder that says what it is about. */
const fileName = {
  create: (context) => ({
    Program(node) {
      const path = relative(context.cwd, context.filename);
      if (!kebabCase.test(basename(path).replace(/^\./, ''))) context.report({ node, message: 'Name the file in kebab-case.' });
      if (vagueFolder.test(dirname(path))) context.report({ node, message: 'Group files by subject, not by kind.' });
    },
  }),
};

const httpExceptions = [
  'HttpException',
  'BadGatewayException',
  'BadRequestException',
  'ConflictException',
  'ForbiddenException',
  'GatewayTimeoutException',
  'GoneException',
  'HttpVersionNotSupportedException',
  'ImATeapotException',
  'InternalServerErrorException',
  'MethodNotAllowedException',
  'MisdirectedException',
  'NotAcceptableException',
  'NotFoundException',
  'NotImplementedException',
  'PayloadTooLargeException',
  'PreconditionFailedException',
  'RequestTimeoutException',
  'ServiceUnavailableException',
  'UnauthorizedException',
  'UnprocessableEntityException',
  'UnsupportedMediaTypeException',
];

const noForwardRef = { name: '@nestjs/common', importNames: ['forwardRef'], message: 'Two modules that need each other are cut wrongly.' };
const noJose = { name: 'jose', message: 'Sign with jsonwebtoken, make keys with node:crypto: jest on Node 24 cannot load jose twice.' };
const noMemoryServer = {
  regex: '^mongodb-memory-server-core$',
  importNames: ['MongoMemoryServer', 'MongoMemoryReplSet'],
  message: 'The service runs its own mongod; this package only downloads the program.',
};
const restrictedImports = (paths) => ['error', { paths: [noForwardRef, noJose, ...paths], patterns: [noMemoryServer] }];

const parameterLists = [
  {
    selector: 'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>7]',
    message: 'A constructor with more than seven dependencies is two classes.',
  },
  {
    selector: 'MethodDefinition[kind!="constructor"][decorators.length>0] > FunctionExpression[params.length>6]',
    message: 'Group the inputs of this handler in a DTO.',
  },
  {
    selector:
      ':function[params.length>3]:not(MethodDefinition[kind="constructor"] > *):not(MethodDefinition[decorators.length>0] > *):not(CallExpression > *)',
    message: 'More than three parameters become one options object.',
  },
];

const database = [
  {
    selector: 'Property[key.value=/^[$](where|function|accumulator)$/], Property[key.name=/^[$](where|function|accumulator)$/]',
    message: 'No JavaScript runs in the database.',
  },
  { selector: 'CallExpression[callee.property.name=/^(populate|mapReduce)$/]', message: 'populate and mapReduce are not used here.' },
  {
    selector: 'CallExpression[callee.property.name="findOneAndUpdate"][arguments.length<3]',
    message: 'Say which document is returned: { returnDocument: "after" } or "before".',
  },
  {
    selector:
      'CallExpression[callee.property.name="findOneAndUpdate"] > ObjectExpression.arguments:nth-child(3):not(:has(> Property[key.name="returnDocument"])):not(:has(> SpreadElement))',
    message: 'Say which document is returned: { returnDocument: "after" } or "before".',
  },
];

const exportsOfSources = [
  { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
  { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
];
const noReexports = { selector: 'ExportNamedDeclaration[source]', message: "Only a feature's index.ts passes things on." };

const abandonedTests = [
  {
    selector: 'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo|failing)$/]',
    message: 'Every test runs.',
  },
  { selector: 'CallExpression[callee.name=/^[xf](it|test|describe)$/]', message: 'Every test runs.' },
];

const documented = (required) => [
  'error',
  {
    publicOnly: true,
    checkConstructors: false,
    enableFixer: false,
    require: { ClassDeclaration: true, ...required },
    contexts: ['VariableDeclaration > VariableDeclarator > ArrowFunctionExpression'],
  },
];

export default defineConfig(
  globalIgnores(['dist/', 'data/', 'coverage/', 'src/client/openapi.types.ts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.recommended,
  comments.recommended,
  {
    plugins: { jsdoc, signalbox: { rules: { 'file-name': fileName } } },
    rules: {
      '@eslint-community/eslint-comments/require-description': ['error', { ignore: ['eslint-enable', 'global'] }],
      'signalbox/file-name': 'error',
      complexity: ['error', 15],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': restrictedImports([]),
      'no-restricted-syntax': ['error', ...parameterLists],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  { languageOptions: { globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])) } },
  { files: ['**/*.cjs'], languageOptions: { globals: { module: 'readonly', require: 'readonly' } } },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false, fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'], custom: { regex: '^I[A-Z][a-z]|(Impl|Manager|Helper|Util|Utils)$', match: false } },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': restrictedImports([
        {
          name: '@nestjs/common',
          importNames: ['forwardRef', ...httpExceptions],
          message: 'Throw an AppError; the filter knows the status.',
        },
      ]),
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'The environment is read in src/config only.' }],
      'no-restricted-syntax': ['error', ...parameterLists, ...database, ...exportsOfSources, noReexports],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: specs,
    rules: {
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'jsdoc/require-jsdoc': documented({}),
    },
  },
  {
    files: ['src/**/*.store.ts'],
    rules: { 'jsdoc/require-jsdoc': documented({ MethodDefinition: true }) },
  },
  {
    files: ['src/**/index.ts'],
    rules: { 'no-restricted-syntax': ['error', ...parameterLists, ...database, ...exportsOfSources] },
  },
  {
    files: ['src/**/*.controller.ts', 'src/common/http/**'],
    rules: { 'no-restricted-imports': restrictedImports([]) },
  },
  {
    files: ['src/config/settings.ts'], // a flat list of defaults: many `??`, no branches
    rules: { complexity: 'off' },
  },
  {
    files: ['src/config/**', 'src/main.ts', 'src/process/**', 'src/openapi.ts', 'src/cli/signalbox.ts', 'src/**/*.spec.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['**/*.d.ts'], rules: { 'no-restricted-syntax': 'off' } }, // the shape of somebody else's package
  {
    files: specs,
    rules: {
      'no-restricted-imports': restrictedImports([]),
      'no-restricted-syntax': ['error', ...parameterLists, ...abandonedTests],
    },
  },
);
