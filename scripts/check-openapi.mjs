import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';

/** Fails unless the OpenAPI document is valid and says of every operation what it does, how it is called, and how it can fail. */
const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];
const file = process.argv[2] ?? 'openapi.json';
const document = JSON.parse(readFileSync(file, 'utf8'));
const problems = [];

const { valid, errors } = await new Validator().validate(structuredClone(document));
if (!valid)
  problems.push(...[errors].flat().map((error) => (typeof error === 'string' ? error : `${error.instancePath} ${error.message}`)));

const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  methods.filter((method) => item[method]).map((method) => ({ name: `${method.toUpperCase()} ${path}`, ...item[method] })),
);
if (operations.length === 0) problems.push('the document has no operation');

const seen = new Map();
for (const { name, operationId, summary, responses } of operations) {
  if (!operationId) problems.push(`${name} has no operationId`);
  else if (seen.has(operationId)) problems.push(`${name} has the operationId "${operationId}" of ${seen.get(operationId)}`);
  else if (!/^[a-z][A-Za-z\d]*$/.test(operationId))
    problems.push(`${name} has the operationId "${operationId}", which is no name of a function`);
  seen.set(operationId, name);
  if (!summary) problems.push(`${name} has no summary`);
  const statuses = Object.keys(responses ?? {});
  if (!statuses.some((status) => /^[23]/.test(status))) problems.push(`${name} has no success response`);
  if (!statuses.some((status) => /^([45]|default)/.test(status))) problems.push(`${name} has no error response`);
}

for (const problem of problems) console.error(`${file}: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`${file}: ${operations.length} operations, OpenAPI ${document.openapi}, valid`);
