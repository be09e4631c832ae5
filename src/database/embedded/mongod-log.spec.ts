import { describe, expect, it } from '@jest/globals';
import { complaintIn } from './mongod-log.js';

describe('complaintIn', () => {
  it('finds the message and the error of a fatal line', () => {
    const line = '{"s":"E","c":"CONTROL","msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: locked"}}';
    expect(complaintIn(line)).toBe('DBException in initAndListen, terminating: DBPathInUse: locked');
  });

  it('passes over what is not an error', () => {
    expect(complaintIn('{"s":"I","msg":"Waiting for connections"}')).toBeNull();
    expect(complaintIn('{"s":"E","ms')).toBeNull();
    expect(complaintIn('')).toBeNull();
  });

  it('takes plain text as it is', () => {
    expect(complaintIn('Error parsing command line: unrecognised option --x')).toBe('Error parsing command line: unrecognised option --x');
  });
});
