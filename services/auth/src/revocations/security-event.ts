/**
 * Revocations as security event tokens (RFC 8417) with CAEP 1.0 event types, so that any
 * Shared Signals receiver can read them. On the stream the claims travel as plain JSON over an
 * authenticated connection; to pollers they are signed.
 */
import { type Static, Type } from "typebox";
import type { RevocationEvent, RevocationRow } from "./queries.ts";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type";

const TYPES: Readonly<Record<RevocationEvent, string>> = {
  "session-revoked": `${CAEP}/session-revoked`,
  "credential-change": `${CAEP}/credential-change`,
  "token-claims-change": `${CAEP}/token-claims-change`,
};

const Details = Type.Object({
  event_timestamp: Type.Integer({ description: "Whole seconds since 1970 (CAEP 1.0 §2)" }),
  kp_before_ms: Type.Optional(
    Type.Integer({
      description:
        "Auth's clock in milliseconds: tokens issued before this instant are dead. Not of `credential-change`, which ends none by itself",
    }),
  ),
  reason_admin: Type.Object({ en: Type.String({ description: "For logs, not for viewers" }) }),
  claims: Type.Optional(
    Type.Object(
      { roles: Type.Optional(Type.Array(Type.String())), age_ceiling: Type.Optional(Type.Integer()) },
      {
        description:
          "Of `token-claims-change` (CAEP 1.0 §3.2): what tokens of the account say from now on. One device's age ceiling may be lower.",
      },
    ),
  ),
  credential_type: Type.Optional(
    Type.Literal("password", { description: "Of `credential-change` (CAEP 1.0 §3.3)" }),
  ),
  change_type: Type.Optional(
    Type.Union([Type.Literal("create"), Type.Literal("update")], {
      description: "Of `credential-change` (CAEP 1.0 §3.3): `create` for an account's first password",
    }),
  ),
});

/** The claims set of one event: RFC 8417 §2.2, with a complex subject (RFC 9493 §3.2.6). */
export const SecurityEvent = Type.Object({
  iss: Type.String({ description: "The issuer of the tokens it speaks of" }),
  jti: Type.String({ description: "`rev-` and the event's id; a poller acknowledges by it" }),
  iat: Type.Integer({
    description: "When it was recorded, in whole seconds since 1970: not every receiver reads a fraction",
  }),
  aud: Type.String(),
  sub_id: Type.Object({
    format: Type.Literal("complex"),
    user: Type.Object({
      format: Type.Literal("iss_sub"),
      iss: Type.String(),
      sub: Type.String({ description: "The account" }),
    }),
    session: Type.Optional(
      Type.Object(
        { format: Type.Literal("opaque"), id: Type.String() },
        { description: "That session alone; without it everything of the account" },
      ),
    ),
  }),
  events: Type.Object(
    Object.fromEntries(Object.values(TYPES).map((type) => [type, Type.Optional(Details)])),
    { minProperties: 1, maxProperties: 1, description: "One event, by its type" },
  ),
});

export interface SecurityEventClaims extends Omit<Static<typeof SecurityEvent>, "events"> {
  readonly events: Readonly<Record<string, Static<typeof Details>>>;
}

export function securityEventOf(
  row: RevocationRow,
  { issuer, audience }: { issuer: string; audience: string },
): SecurityEventClaims {
  const at = row.issued_before ?? row.recorded_at;
  return {
    iss: issuer,
    jti: `rev-${row.id}`,
    iat: seconds(row.recorded_at),
    aud: audience,
    sub_id: {
      format: "complex",
      user: { format: "iss_sub", iss: issuer, sub: row.account_id },
      ...(row.session_id === null ? {} : { session: { format: "opaque", id: row.session_id } }),
    },
    events: {
      [TYPES[row.event]]: {
        event_timestamp: seconds(at),
        // Milliseconds, exactly: tokens issued before this instant are dead.
        ...(row.event === "credential-change" ? {} : { kp_before_ms: at.getTime() }),
        reason_admin: { en: row.because },
        ...required(row),
      },
    },
  };
}

/** What CAEP demands of some event types. */
function required({ event, claims, because }: RevocationRow): Partial<Static<typeof Details>> {
  if (event === "credential-change")
    return { credential_type: "password", change_type: because === "password_set" ? "create" : "update" };
  if (event !== "token-claims-change") return {};
  const { roles, ...others } = claims ?? {};
  return { claims: roles === undefined ? others : { ...others, roles: [...roles] } };
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
