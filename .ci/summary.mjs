import { readFileSync } from 'node:fs';

/** Prints one line with the counts of a jest run; a file that could not be run counts as a failed test. */
const text = readFileSync(process.argv[2], 'utf8');
const results = text === '' ? { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, numPendingTests: 0 } : JSON.parse(text);
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
const skipped = results.numPendingTests > 0 ? `, ${results.numPendingTests} skipped` : '';
console.log(`${results.numPassedTests} passed, ${failed} failed${skipped}`);
