import type { ProviderName } from "./provider.ts";

/**
 * What went wrong, by what the viewer can be told:
 * `denied` the person said no; `bad_callback` the address we were called at was not made by the provider for us;
 * `code_spent` start again (code used, late or unknown); `link_lost` the kept tokens are dead at the provider;
 * `substitution` an answer meant for somebody else: refuse and log loudly; `misconfigured` the operator's matter
 * (credentials, redirect address, plan); `provider_error` the provider refused for a reason of its own;
 * `provider_garbage` an answer nobody can read; `provider_unreachable` no answer in time, 5xx, throttled, breaker open.
 */
export type FailureKind =
  | "denied"
  | "bad_callback"
  | "code_spent"
  | "link_lost"
  | "substitution"
  | "misconfigured"
  | "provider_error"
  | "provider_garbage"
  | "provider_unreachable";

interface Details {
  /** The provider's own error code, made harmless for a log line. */
  readonly providerCode?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A sign-in or an unlink that did not come off. `because` is a stable word for logs and metrics, never prose. */
export class ProviderFailure extends Error {
  override readonly name = "ProviderFailure";
  readonly kind: FailureKind;
  readonly provider: ProviderName;
  readonly because: string;
  readonly providerCode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(provider: ProviderName, kind: FailureKind, because: string, details: Details = {}) {
    // No cause: errors from below carry addresses with tokens in them, or the claims of a person.
    super(`${provider}: ${kind} (${because})`);
    this.kind = kind;
    this.provider = provider;
    this.because = because;
    this.providerCode = details.providerCode === undefined ? undefined : harmless(details.providerCode);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Keeps a code readable and takes away what could forge a log line or carry a secret of any length. */
function harmless(code: string): string {
  return code.replace(/[^\w.\- ]/g, "?").slice(0, 64);
}
