// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/;

/** What is wrong with a dataset name, or undefined when it is acceptable: 1-255 characters in NFC, no control or bidirectional ones, no outer spaces. */
export function datasetNameFault(name: string): string | undefined {
  if (name.length === 0) return 'must not be empty';
  if ([...name].length > 255) return 'must have at most 255 characters';
  if (!name.isWellFormed()) return 'must be valid Unicode';
  if (forbidden.test(name)) return 'must have no control or bidirectional characters';
  if (name.trim() !== name) return 'must have no spaces at its ends';
  if (name.normalize('NFC') !== name) return 'must be in Unicode normal form NFC';
  return undefined;
}
