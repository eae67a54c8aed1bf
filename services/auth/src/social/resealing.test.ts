/** A master key may go once nothing is sealed with it: what `kinopass keys reseal` does to what social sign-in keeps. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import type { AccountId } from "../ids.ts";
import { Secrets } from "../secrets.ts";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import * as queries from "./queries.ts";
import { resealTokens } from "./resealing.ts";
import { anotherInstance, type SocialTest, startSocial } from "./set-up.test-support.ts";

function rotatedFrom({ config }: SocialTest) {
  const [old] = config.masters;
  assert.ok(old);
  return { old, next: { id: 2, key: randomBytes(32) } };
}

test("after resealing, the old master key can go: tokens open, permissions are taken back, tokens are signed", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("google", "adult");
  // Another's permission waits to be taken back.
  const anna = await auth.signUp();
  await auth.browser().link("yandex", "no-email", anna);
  auth.emulators.setFault("yandex", { kind: "503", at: "revoke" });
  const [link] = (await ask(auth, "GET /v1/me/social-accounts", undefined, anna)).body.items;
  await ask(auth, `DELETE /v1/me/social-accounts/${link.id}`, undefined, anna);
  await auth.auth.capabilities.social.revoker.settled();
  auth.emulators.clearFaults();

  const { old, next } = rotatedFrom(auth);
  const both = await anotherInstance(t, { ...auth, config: { ...auth.config, masters: [next, old] } });
  assert.deepEqual(await both.capabilities.social.reseal(), { resealed: 2, lost: 0 });
  assert.deepEqual(await both.capabilities.keys.reseal(), { resealed: 2, lost: 0 }, "current and next");
  assert.deepEqual(
    await both.capabilities.social.reseal(),
    { resealed: 0, lost: 0 },
    "nothing is left to do",
  );

  const without = await anotherInstance(t, { ...auth, config: { ...auth.config, masters: [next] } });
  const { keys, social } = without.capabilities;
  const id = viewer.accountId as AccountId;
  const [row] = await social.links.list(id);
  assert.ok(row && social.links.tokensOf(id, row)?.accessToken);
  assert.ok((await keys.current()).privateKey);
  auth.clock.advance({ minutes: 2 });
  await social.revoker.round();
  assert.deepEqual(await sql(auth, "select id from auth.social_revocations"), []);
});

test("what was sealed with a key that is gone is counted, not touched, over as many pages as there are", async (t) => {
  const auth = await startSocial(t);
  await sql(
    auth,
    `insert into auth.social_accounts (account_id, id, provider, subject, created_at, last_used_at, sealed_tokens)
     select gen_random_uuid(), gen_random_uuid(), 'google', n::text, now(), now(), '\\x0900'::bytea
       from generate_series(1, 1201) as n`,
  );
  await auth.browser().signIn("google", "adult");
  const { old, next } = rotatedFrom(auth);
  const both = await anotherInstance(t, { ...auth, config: { ...auth.config, masters: [next, old] } });
  assert.deepEqual(await both.capabilities.social.reseal(), { resealed: 1, lost: 1201 });
  const untouched = await sql(
    auth,
    "select 1 from auth.social_accounts where sealed_tokens = '\\x0900'::bytea",
  );
  assert.equal(untouched.length, 1201);
});

test("tokens that were renewed while they were being sealed anew stay as they were renewed", async (t) => {
  const auth = await startSocial(t);
  const { accountId } = await auth.browser().signIn("google", "adult");
  const { db } = auth.auth.capabilities;
  const renewed = Buffer.from("renewed by another replica");
  // The renewal falls between reading the page and writing it back.
  const between: typeof db.run = async (statement) => {
    const answer = await db.run(statement);
    if (statement.name === queries.sealedAfter.statementName)
      await db.run({
        name: "",
        text: "update auth.social_accounts set sealed_tokens = $1",
        values: [renewed],
      });
    return answer as never;
  };
  const { old, next } = rotatedFrom(auth);
  const secrets = new Secrets({ masters: [next, old], directoryKey: auth.config.directoryKey });
  assert.deepEqual(await resealTokens({ db: { run: between }, secrets }), { resealed: 0, lost: 0 });
  const [row] = await auth.auth.capabilities.social.links.list(accountId as AccountId);
  assert.deepEqual(row?.sealed_tokens, renewed);
});
