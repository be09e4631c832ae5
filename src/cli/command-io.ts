/** What a command sees of its process. Results go to `out`, all else to `err`. */
export interface CommandIo {
  readonly env: NodeJS.ProcessEnv;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `out` and `err` are terminals; default false. */
  readonly terminal?: { readonly out: boolean; readonly err: boolean; readonly columns: number };
  /** Asks a person; missing where there is none, and then nothing is asked. */
  readonly ask?: (question: string) => Promise<string>;
  /** As `ask`, without showing what is typed. */
  readonly askSecret?: (question: string) => Promise<string>;
  /** All of stdin. */
  readonly readInput?: () => Promise<string>;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal;
}
