import type { Verb } from './verb.js';

/** A noun of the command line and where its verbs are; they are loaded when they are needed. A noun that is a command by itself has one verb, without a name. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<readonly Verb[]>;
  /** True when the noun is a command by itself. */
  readonly alone?: true;
}
