import type { Verb } from '../verb.js';
import { jobCreationVerbs } from './job-creation.js';
import { jobReadingVerbs } from './job-reading.js';
import { jobSteeringVerbs } from './job-steering.js';

/** `signalbox jobs`. */
export const jobVerbs: readonly Verb[] = [...jobReadingVerbs, ...jobCreationVerbs, ...jobSteeringVerbs];
