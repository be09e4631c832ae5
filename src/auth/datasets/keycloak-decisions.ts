import { setTimeout as sleep } from 'node:timers/promises';
import type { KeycloakSettings } from '../../config/settings.js';
import { limitedText } from '../limited-text.js';
import { PermissionsUnavailableError } from '../auth.errors.js';

/** Keycloak's word on one permission of one token; `unauthenticated` says that it does not accept the token. */
export type Decision = 'allowed' | 'refused' | 'unauthenticated';

/** Tries after the first, the pause before each, and the time of all together, which ends before the caller's patience does. */
const repeats = { pausesMs: [0, 500, 1_000], allMs: 8_000 } as const;
const maxAnswerBytes = 65_536;

/** Thrown inside when a try brought no decision, so that another one may. */
class NoDecisionError extends Error {}

/** Asks Keycloak's token endpoint for UMA decisions. @see contracts/traces.md 2.2 */
export class KeycloakDecisions {
  private readonly url: string;

  constructor(
    private readonly settings: KeycloakSettings,
    private readonly pause: (ms: number) => Promise<unknown> = (ms) => sleep(ms),
  ) {
    this.url = `${settings.server}/auth/realms/${encodeURIComponent(settings.realm)}/protocol/openid-connect/token`;
  }

  /**
   * The decision on a permission. A try without an answer, or with a fault of Keycloak's own, is repeated up to three times.
   * @throws PermissionsUnavailableError when no try brought a decision
   */
  async decide(token: string, permission: string): Promise<Decision> {
    const deadline = AbortSignal.timeout(repeats.allMs);
    let failure: unknown;
    for (const pauseMs of [null, ...repeats.pausesMs]) {
      if (pauseMs !== null) await this.pause(pauseMs);
      if (deadline.aborted) break;
      try {
        return await this.ask(token, permission, deadline);
      } catch (error) {
        failure = error;
      }
    }
    throw new PermissionsUnavailableError(failure);
  }

  private async ask(token: string, permission: string, deadline: AbortSignal): Promise<Decision> {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
      audience: this.settings.clientId,
      response_mode: 'decision',
      permission,
    });
    const response = await fetch(this.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([deadline, AbortSignal.timeout(this.settings.timeoutMs)]),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    });
    return decisionOf(response.status, await limitedText(response, maxAnswerBytes));
  }
}

/** @throws NoDecisionError for an answer that says neither yes nor no */
function decisionOf(status: number, text: string): Decision {
  if (status === 401) return 'unauthenticated';
  if (status >= 400 && status < 500) return 'refused';
  if (status !== 200) throw new NoDecisionError(`Keycloak answered with status ${status}`);
  try {
    const answer = JSON.parse(text) as { result?: unknown } | null;
    if (typeof answer?.result === 'boolean') return answer.result ? 'allowed' : 'refused';
  } catch {
    // told below
  }
  throw new NoDecisionError('Keycloak answered without a decision');
}
