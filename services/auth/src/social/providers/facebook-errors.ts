import { ProviderFailure } from "./failure.ts";
import { field, quantity, text } from "./json.ts";
import type { Answer } from "./provider-client.ts";

const OPERATOR_CODES: ReadonlySet<number> = new Set([101, 191]);
const THROTTLED_CODES: ReadonlySet<number> = new Set([4, 17, 32, 341, 613]);
const TEMPORARY_CODES: ReadonlySet<number> = new Set([1, 2]);

/** Refuses a Graph API error: an object under `error`, with a number where the RFC has a word. @throws ProviderFailure */
export function refuseFacebookError({ status, body }: Answer): void {
  const error = field(body, "error");
  if (error === undefined && status < 400) return;
  const code = quantity(error, "code");
  const subcode = quantity(error, "error_subcode");
  const providerCode = `${code ?? `status_${status}`}${subcode === undefined ? "" : `.${subcode}`}`;
  throw new ProviderFailure("facebook", ...reading(error, code, subcode), { providerCode });
}

type Reading = [
  "code_spent" | "link_lost" | "misconfigured" | "provider_unreachable" | "provider_error",
  string,
];

function reading(error: unknown, code: number | undefined, subcode: number | undefined): Reading {
  const message = text(error, "message") ?? "";
  // A used code is 100/36009, a late or foreign one 100 with the same words around "verification code".
  if (code === 100 && (subcode === 36009 || /authorization code|verification code/i.test(message))) {
    return ["code_spent", "code_not_taken"];
  }
  if (code === 190 || code === 102) return ["link_lost", "token_dead"];
  // A wrong secret comes as code 1, otherwise the code for "away for a moment": the words decide first.
  if ((code !== undefined && OPERATOR_CODES.has(code)) || /appsecret_proof|client secret/i.test(message)) {
    return ["misconfigured", "client_refused"];
  }
  if (code !== undefined && THROTTLED_CODES.has(code)) return ["provider_unreachable", "throttled"];
  if (code !== undefined && TEMPORARY_CODES.has(code)) return ["provider_unreachable", "says_busy"];
  return ["provider_error", "refused"];
}
