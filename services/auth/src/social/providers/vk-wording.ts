import { single, stateIn } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { isObject, text } from "./json.ts";
import type { CallbackParams, ProviderName } from "./provider.ts";
import type { Answer } from "./provider-client.ts";
import { type Grant, spent } from "./token-answer.ts";

/** How VK ID says things: callbacks in two forms, and one error code for nearly everything. */

/** The callback's fields, of this flow and this protocol. @throws ProviderFailure */
export function vkFields(name: ProviderName, params: CallbackParams, state: string): CallbackParams {
  const fields = unpacked(params);
  if (single(fields, "type") === "silent_token") {
    throw new ProviderFailure(name, "provider_error", "silent_token_retired");
  }
  if (single(fields, "error") === undefined && stateIn(fields) !== state) {
    throw new ProviderFailure(name, "bad_callback", "state_in_payload");
  }
  return fields;
}

/** The same callback may come as one parameter, `payload`, holding JSON. */
export function unpacked(params: CallbackParams): CallbackParams {
  const payload = single(params, "payload");
  if (payload === undefined) return params;
  try {
    const value: unknown = JSON.parse(payload);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** `invalid_request` may be about anything; the description tells what about. */
export function vkReading(
  name: ProviderName,
  grant: Grant,
  error: string,
  description: string,
): ProviderFailure | undefined {
  const details = { providerCode: error };
  if (/verifier|challenge/i.test(description)) {
    return new ProviderFailure(name, "substitution", "verifier_not_taken", details);
  }
  if (error === "invalid_token" || /refresh_token is|access_token is/i.test(description)) {
    return spent(name, grant, error);
  }
  if (/redirect_uri|client_id/i.test(description)) {
    return new ProviderFailure(name, "misconfigured", "client_refused", details);
  }
  return error === "invalid_request" && /code|device_id/i.test(description)
    ? spent(name, grant, error)
    : undefined;
}

export function isDeadToken(answer: Answer): boolean {
  const error = text(answer.body, "error");
  return (
    error === "invalid_token" ||
    (error === "invalid_request" && /access_token is/i.test(text(answer.body, "error_description") ?? ""))
  );
}
