import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { completed } from './openapi-document.js';

const operation = (operationId: string, ...statuses: string[]) => ({
  operationId,
  responses: Object.fromEntries(statuses.map((status) => [status, { description: status }])),
});
const documentOf = (paths: OpenAPIObject['paths']): OpenAPIObject => ({ openapi: '3.1.0', info: { title: 't', version: '1' }, paths });

describe('a completed description', () => {
  it('names the second and third path of a handler as aliases', () => {
    const { paths } = completed(
      documentOf({
        '/a': { get: operation('read', '200') },
        '/b': { get: operation('read', '200') },
        '/c': { get: operation('read', '200') },
      }),
    );
    expect(Object.values(paths).map(({ get }) => get?.operationId)).toEqual(['read', 'readAlias', 'readAlias2']);
  });

  it('says of every native operation that it may be 400, and leaves the others', () => {
    const { paths } = completed(
      documentOf({
        '/api/v1/a': { get: operation('a', '200'), delete: operation('b', '204'), post: operation('c', '201', '400') },
        '/jobs': { get: operation('d', '200') },
      }),
    );
    const native = paths['/api/v1/a'];
    expect(native?.get?.responses['400']).toMatchObject({ content: { 'application/problem+json': {} } });
    expect(Object.keys(native?.delete?.responses ?? {})).toEqual(['204', '400']);
    expect(native?.post?.responses['400']).toEqual({ description: '400' });
    expect(Object.keys(paths['/jobs']?.get?.responses ?? {})).toEqual(['200']);
  });
});
