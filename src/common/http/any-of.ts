import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy } from 'class-validator';

/** Any of the wanted values (all when empty), and none of the refused ones. */
export interface AnyOf<T extends string = string> {
  readonly wanted: readonly T[];
  readonly refused: readonly T[];
}

const maxValues = 50;

/** The values of a name that may be repeated; one with `!` in front is refused instead of wanted. */
function anyOf({ value }: { value: unknown }): unknown {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((each) => typeof each === 'string')) return value;
  return {
    wanted: values.filter((each) => !each.startsWith('!')),
    refused: values.filter((each) => each.startsWith('!')).map((each) => each.slice(1)),
  } satisfies AnyOf;
}

/** 1 to 255 characters without control characters. */
export const filterText = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** A query parameter that may be repeated: any of some values; only these where they are listed. */
export function IsAnyOf(values?: readonly string[]): PropertyDecorator {
  const fits = (value: string) => (values ? values.includes(value) : filterText.test(value));
  return (target, property) => {
    Transform(anyOf)(target, property);
    IsOptional()(target, property);
    ValidateBy({
      name: 'isAnyOf',
      validator: {
        validate: (value: AnyOf) => {
          const all = [...(value?.wanted ?? []), ...(value?.refused ?? [])];
          return all.length > 0 && all.length <= maxValues && all.every(fits);
        },
        defaultMessage: () => (values ? `$property must be one of ${values.join(', ')}` : '$property must be 1 to 255 characters of text'),
      },
    })(target, property);
  };
}

/** How such a parameter is described. */
export const repeatedParameter = {
  type: String,
  isArray: true,
  description: 'May be repeated: any of these. `!value` leaves the value out.',
} as const;
