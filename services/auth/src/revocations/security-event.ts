/**
 * Revocations as security event tokens (RFC 8417) with CAEP 1.0 and RISC 1.0 event types, so that any
 * Shared Signals receiver can read them. On the stream the claims travel as plain JSON over an
 * authenticated connection; to pollers they are signed.
 */
import type { RevocationEvent, RevocationRow } from "./queries.ts";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type";
const RISC = "https://schemas.openid.net/secevent/risc/event-type";

const TYPES: Readonly<Record<RevocationEvent, string>> = {
  "session-revoked": `${CAEP}/session-revoked`,
  "credential-change": `${CAEP}/credential-change`,
  "token-claims-change": `${CAEP}/token-claims-change`,
  "account-disabled": `${RISC}/account-disabled`,
  "account-purged": `${RISC}/account-purged`,
};

export interface SecurityEventClaims {
  readonly iss: string;
  readonly jti: string;
  readonly iat: number;
  readonly aud: string;
  readonly sub_id: object;
  readonly events: Readonly<Record<string, object>>;
}

export function securityEventOf(
  row: RevocationRow,
  { issuer, audience }: { issuer: string; audience: string },
): SecurityEventClaims {
  const at = row.issued_before ?? row.recorded_at;
  return {
    iss: issuer,
    jti: `rev-${row.id}`,
    iat: row.recorded_at.getTime() / 1000,
    aud: audience,
    sub_id: {
      format: "complex",
      user: { format: "iss_sub", iss: issuer, sub: row.account_id },
      ...(row.session_id === null ? {} : { session: { format: "opaque", id: row.session_id } }),
    },
    events: {
      [TYPES[row.event]]: {
        event_timestamp: at.getTime() / 1000,
        // Milliseconds, exactly: tokens issued before this instant are dead.
        kp_before_ms: at.getTime(),
        reason_admin: { en: row.because },
      },
    },
  };
}
