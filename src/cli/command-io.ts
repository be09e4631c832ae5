/** What a command sees of its process. Results go to `out`, all else to `err`. */
export interface CommandIo {
  readonly env: NodeJS.ProcessEnv;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
