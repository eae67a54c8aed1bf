import { createHmac, timingSafeEqual } from "node:crypto";
import { identifier, isObject, quantity, text } from "./json.ts";

/** What Facebook tells by a signed_request: who removed our app, or wants their data deleted. */
export interface SignedRequest {
  /** App-scoped id: the subject of the social account. */
  readonly subject: string;
  readonly issuedAt?: Date;
}

export type SignedRequestReading =
  | { readonly kind: "genuine"; readonly request: SignedRequest }
  | {
      readonly kind: "refused";
      readonly because: "form" | "signature" | "algorithm" | "payload" | "issued_in_future";
    };

const MAX_CHARS = 8_192;
/** How far Facebook's clock and ours may be apart. */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/**
 * Reads `signed_request` of the deauthorize and data-deletion callbacks. The MAC covers the payload as it was sent, still
 * encoded. Nothing in it guards against replay, so what follows must be idempotent; age alone is no reason to refuse,
 * Facebook repeats its calls.
 */
export function readSignedRequest(value: unknown, appSecret: string, now: Date): SignedRequestReading {
  if (typeof value !== "string" || value.length > MAX_CHARS) return { kind: "refused", because: "form" };
  const match = /^([\w-]+)\.([\w-]+)$/.exec(value);
  if (match?.[1] === undefined || match[2] === undefined) return { kind: "refused", because: "form" };

  const signature = Buffer.from(match[1], "base64url");
  const expected = createHmac("sha256", appSecret).update(match[2]).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    return { kind: "refused", because: "signature" };
  }
  return readPayload(Buffer.from(match[2], "base64url").toString("utf8"), now);
}

function readPayload(json: string, now: Date): SignedRequestReading {
  let payload: unknown;
  try {
    payload = JSON.parse(json);
  } catch {
    return { kind: "refused", because: "payload" };
  }
  if (!isObject(payload)) return { kind: "refused", because: "payload" };
  if (text(payload, "algorithm")?.toUpperCase() !== "HMAC-SHA256")
    return { kind: "refused", because: "algorithm" };
  const subject = identifier(payload, "user_id");
  if (subject === undefined) return { kind: "refused", because: "payload" };

  const issuedS = quantity(payload, "issued_at");
  if (issuedS === undefined) return { kind: "genuine", request: { subject } };
  if (issuedS * 1000 > now.getTime() + CLOCK_TOLERANCE_MS)
    return { kind: "refused", because: "issued_in_future" };
  return { kind: "genuine", request: { subject, issuedAt: new Date(issuedS * 1000) } };
}
