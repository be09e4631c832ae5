const maxObjectBytes = 16_384;

/** Thrown for a value that the service cannot be sent. */
export class NotJsonError extends RangeError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotJsonError';
  }
}

/**
 * A value of the caller's as JSON.
 * @param name what to call it in the error
 * @throws NotJsonError when it has no JSON, or more than 16 KiB of it
 */
export function jsonOf(name: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new NotJsonError(`${name} has no form as JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (text === undefined) throw new NotJsonError(`${name} has no form as JSON.`);
  if (Buffer.byteLength(text) > maxObjectBytes) throw new NotJsonError(`${name} is larger than 16 KiB as JSON.`);
  return text;
}
