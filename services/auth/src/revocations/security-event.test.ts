import assert from "node:assert/strict";
import { test } from "node:test";
import { Compile } from "typebox/compile";
import type { AccountId, SessionId } from "../ids.ts";
import type { RevocationEvent } from "./queries.ts";
import { SecurityEvent, securityEventOf } from "./security-event.ts";

const names = { issuer: "http://auth.example", audience: "kinopass" };
const published = Compile(SecurityEvent);
const EVENTS: readonly RevocationEvent[] = ["session-revoked", "credential-change", "token-claims-change"];

test("every event is what the AsyncAPI document says it is", () => {
  for (const event of EVENTS) {
    for (const session_id of [null, "01a20491-0ef7-7b3c-9f10-2a6b8c4d5e6f" as SessionId]) {
      const claims = securityEventOf(
        {
          id: "4711",
          recorded_at: new Date("2026-03-01T12:00:00.250Z"),
          event,
          account_id: "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f" as AccountId,
          session_id,
          issued_before: session_id === null ? new Date("2026-03-01T12:00:00.125Z") : null,
          because: "test",
          claims: event === "token-claims-change" ? { roles: ["editor"] } : null,
        },
        names,
      );
      assert.ok(published.Check(claims), JSON.stringify(claims));
      assert.equal(published.Check({ ...claims, events: {} }), false);
      const [details] = Object.values(claims.events);
      // CAEP 1.0 §3.2 and §3.3: without these they would be no such events.
      if (event === "token-claims-change") assert.deepEqual(details?.claims, { roles: ["editor"] });
      if (event === "credential-change") assert.ok(details?.credential_type && details.change_type);
      assert.ok(Number.isInteger(claims.iat) && Number.isInteger(details?.event_timestamp));
      if (event === "credential-change") assert.ok(!("kp_before_ms" in (details ?? {})), "it ends nothing");
      else assert.equal(details?.kp_before_ms, session_id === null ? 1_772_366_400_125 : 1_772_366_400_250);
      assert.equal("session" in claims.sub_id, session_id !== null);
    }
  }
});
