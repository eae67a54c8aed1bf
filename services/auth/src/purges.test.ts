import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@kinopass/http";
import { PURGED_AT_ONCE, Purges } from "./purges.ts";
import { sql } from "./testing/sql.ts";
import { startTestAuth } from "./testing/start-auth.ts";

const logger = createLogger({ level: "silent", service: "test" });

test("what ran out goes in batches until it is gone, and what cannot be purged holds up nothing else", async () => {
  let left = 2.5 * PURGED_AT_ONCE;
  const asked: number[] = [];
  const purges = new Purges({
    logger,
    purges: {
      broken: () => Promise.reject(new Error("the table is away")),
      large: async (limit) => {
        const gone = Math.min(limit, left);
        asked.push(gone);
        left -= gone;
        return gone;
      },
    },
  });
  await purges.round();
  assert.deepEqual([left, asked.length], [0, 3]);
});

test("a minute's purge leaves nothing behind of any day's codes, flows, revocations, sessions and audit entries, and touches nothing alive", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const now = auth.clock.now();
  const old = new Date(now.getTime() - 400 * 24 * 60 * 60 * 1000);
  const many = 2 * PURGED_AT_ONCE + 1;
  await sql(
    auth,
    `insert into auth.codes (subject_hash, purpose, id, code_hash, created_at, expires_at)
     select sha256(n::text::bytea), 'sign_up', gen_random_uuid(), sha256('x'), $1, $1 from generate_series(1, ${many}) as n`,
    old,
  );
  await sql(
    auth,
    `insert into auth.revocations (recorded_at, event, account_id, session_id, because)
     select $1, 'session-revoked', gen_random_uuid(), gen_random_uuid(), 'test' from generate_series(1, ${many})`,
    old,
  );
  await sql(
    auth,
    `insert into auth.social_flows (secret_hash, kind, expires_at, sealed)
     select sha256(n::text::bytea), 'state', $1, 'x' from generate_series(1, ${many}) as n`,
    old,
  );
  await sql(
    auth,
    `insert into auth.sessions (account_id, id, created_at, authenticated_at, last_used_at, expires_at, region, door, device_kind)
     select gen_random_uuid(), gen_random_uuid(), $1, $1, $1, $1, 1, 'password', 'other' from generate_series(1, 12000)`,
    old,
  );
  await sql(
    auth,
    `insert into auth.audit_entries (account_id, id, occurred_at, action, actor_kind)
     select gen_random_uuid(), gen_random_uuid(), $1, 'role.granted', 'console' from generate_series(1, 12000)`,
    old,
  );
  await sql(auth, "delete from auth.revocations where recorded_at > $1", old);
  const before = await sql(auth, "select id from auth.audit_entries where occurred_at > $1 order by id", old);
  await auth.auth.capabilities.purges.round();
  const [left] = await sql(
    auth,
    `select (select count(*)::int from auth.codes where expires_at < $1) as codes,
            (select count(*)::int from auth.revocations) as revocations,
            (select count(*)::int from auth.social_flows) as flows,
            (select array_agg(id) from auth.sessions) as sessions`,
    now,
  );
  const entries = await sql(auth, "select id from auth.audit_entries order by id");
  assert.ok(before.length > 0);
  assert.deepEqual(entries, before, "of the audit trail what is a year old, and nothing else");
  assert.deepEqual(left, { codes: 0, revocations: 0, flows: 0, sessions: [anna.sessionId] });
});
