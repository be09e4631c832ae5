/** The five roles of `SECURITY.md`; admin may do what any other may. */
export const roles = ['reader', 'worker', 'pipeline', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who makes a change, as it is written into history. Ids are `issuer|subject` for tokens, `anonymous` or `signalbox` else. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  /** The strongest role of the token, `none` where it has none and needs none; `anonymous` on an open compat route, `system` for the service itself. */
  readonly role: Role | 'none' | 'anonymous' | 'system';
  /** Network address of the request, null for the service itself. */
  readonly address: string | null;
}

/** The request a change belongs to. */
export interface Caller {
  readonly actor: Actor;
  readonly requestId: string;
  /** W3C trace context of the request, where it has one. */
  readonly traceparent?: string;
}

/** The caller of everything that the service does by itself. */
export const systemCaller = (task: string): Caller => ({
  actor: { id: 'signalbox', name: 'Signalbox', role: 'system', address: null },
  requestId: task,
});
