import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type";
const RISC = "https://schemas.openid.net/secevent/risc/event-type";

/**
 * Event types that end tokens (CAEP 1.0 §3, RISC 1.0 §2), and what the holder of a token is told. A `credential-change` is
 * not among them: Auth tells each session that a new password ended, and the device it was chosen on stays signed in.
 */
const MEANINGS: Readonly<Record<string, "session_ended" | "token_outdated">> = {
  [`${CAEP}/session-revoked`]: "session_ended",
  [`${RISC}/account-disabled`]: "session_ended",
  [`${RISC}/account-purged`]: "session_ended",
  [`${CAEP}/token-claims-change`]: "token_outdated",
};

const Details = Type.Object({
  event_timestamp: Type.Number({ minimum: 0, maximum: 1e11 }),
  kp_before_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e14 })),
});

/** A security event token's claims (RFC 8417 §2.2) with a complex subject (RFC 9493 §3.2.6, Shared Signals 1.0). */
export const SecurityEvent = Type.Object({
  iss: Type.String(),
  jti: Type.String({ maxLength: 128 }),
  iat: Type.Number(),
  aud: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  txn: Type.Optional(Type.String({ maxLength: 128 })),
  sub_id: Type.Object({
    format: Type.Literal("complex"),
    user: Type.Object({
      format: Type.Literal("iss_sub"),
      iss: Type.String(),
      sub: Type.String({ maxLength: 128 }),
    }),
    session: Type.Optional(
      Type.Object({ format: Type.Literal("opaque"), id: Type.String({ maxLength: 128 }) }),
    ),
  }),
  events: Type.Record(Type.String(), Details, { maxProperties: 8 }),
});
export type SecurityEvent = Static<typeof SecurityEvent>;

const securityEvent = Compile(SecurityEvent);

export type Revocation =
  | { readonly kind: "session"; readonly sessionId: string; readonly atMs: number }
  | {
      readonly kind: "account";
      readonly accountId: string;
      /** Tokens issued before this instant (Auth's wall clock, milliseconds) are dead. */
      readonly beforeMs: number;
      readonly because: "session_ended" | "token_outdated";
    };

/** What an event of the feed ends; empty for types we need not know. Undefined: it is not one of this issuer's events. */
export function readSecurityEvent(data: string, issuer: string): readonly Revocation[] | undefined {
  const event = parse(data);
  if (event === undefined || event.iss !== issuer || event.sub_id.user.iss !== issuer) return undefined;
  return Object.entries(event.events).flatMap(([type, details]) => revocationOf(type, details, event));
}

function revocationOf(type: string, details: Static<typeof Details>, event: SecurityEvent): Revocation[] {
  const because = MEANINGS[type];
  if (because === undefined) return [];
  // Without the exact instant the whole second counts as before it: too much dies rather than too little.
  const beforeMs = details.kp_before_ms ?? (Math.floor(details.event_timestamp) + 1) * 1000;
  const { user, session } = event.sub_id;
  if (session !== undefined && because === "session_ended")
    return [{ kind: "session", sessionId: session.id, atMs: beforeMs }];
  return [{ kind: "account", accountId: user.sub, beforeMs, because }];
}

function parse(data: string): SecurityEvent | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return securityEvent.Check(event) ? event : undefined;
  } catch {
    return undefined;
  }
}
