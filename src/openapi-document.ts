import type { OpenAPIObject } from '@nestjs/swagger';
import { problemResponse, problemSchema } from './common/http/api-problems.js';

interface Operation {
  operationId?: string;
  responses: Record<string, unknown>;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

function operationsOf(document: OpenAPIObject): { path: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => (item[method] ? [{ path, operation: item[method] }] : [])),
  );
}

/** A handler with several paths gives its id to all; those behind the first are its aliases: `readTrace`, `readTraceAlias`, `readTraceAlias2`. */
function nameAliases(operations: readonly { operation: Operation }[]): void {
  const uses = new Map<string, number>();
  for (const { operation } of operations) {
    const { operationId = '' } = operation;
    const before = uses.get(operationId) ?? 0;
    uses.set(operationId, before + 1);
    if (before > 0) operation.operationId = `${operationId}Alias${before > 1 ? before : ''}`;
  }
}

/** Every native route refuses query parameters that it does not know, those without any too. */
function describeUnknownQuery(operations: readonly { path: string; operation: Operation }[]): void {
  for (const { path, operation } of operations) if (path.startsWith('/api/')) operation.responses['400'] ??= problemResponse(400);
}

/** Adds to a description what holds for all routes, so that no decorator has to say it. */
export function completed(document: OpenAPIObject): OpenAPIObject {
  const operations = operationsOf(document);
  nameAliases(operations);
  describeUnknownQuery(operations);
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: problemSchema as never } };
  return document;
}
