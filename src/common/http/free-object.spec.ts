import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { RequestInvalidError } from '../errors/request.errors.js';
import { IsFreeObject } from './free-object.js';
import { createValidationPipe } from './validation.js';

class InnerDto {
  @IsFreeObject()
  details!: Record<string, unknown>;
}

class BodyDto {
  @IsOptional()
  @IsFreeObject()
  parameters?: Record<string, unknown>;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => InnerDto)
  items?: InnerDto[];
}

const received = (text: string): Promise<unknown> =>
  createValidationPipe().transform(JSON.parse(text), { type: 'body', metatype: BodyDto }) as Promise<unknown>;

const parsed = (text: string): unknown => JSON.parse(text);

/** Objects with names that objects have by nature. */
const texts = [
  '{"constructor":"mason"}',
  '{"prototype":{"constructor":null}}',
  '{"deep":[{"constructor":{"name":"x","constructor":[1]}}]}',
  '{"toString":"a","valueOf":1,"hasOwnProperty":false,"then":{}}',
  '{"toJSON":"x"}',
];

describe('a free object', () => {
  it.each(texts)('arrives as it was sent: %s', async (text) => {
    expect(await received(`{"parameters":${text}}`)).toEqual({ parameters: parsed(text) });
    expect(await received(`{"items":[{"details":${text}}]}`)).toEqual({ items: [{ details: parsed(text) }] });
  });

  it.each(['[]', '"text"', '7'])('is no %s', async (text) => {
    await expect(received(`{"parameters":${text}}`)).rejects.toThrow(RequestInvalidError);
  });

  it('does not let such names through beside it', async () => {
    for (const name of ['constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])
      await expect(received(`{"${name}":1}`)).rejects.toThrow(RequestInvalidError);
  });
});
