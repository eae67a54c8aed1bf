import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportJWK } from "jose";
import { QUICK, setUp } from "../testing/set-up.ts";
import type { KeysAnswer } from "../testing/test-auth-messages.ts";
import { testKey } from "../testing/test-keys.ts";

test("signing keys", { concurrency: true, timeout: 60_000 }, async (t) => {
  await t.test("are not replaced by an answer that is not a good set", async (t) => {
    const { ask, auth, recorder, token } = await setUp(t);
    const stranger = await testKey("stranger");
    const withPrivateHalf = { ...(await exportJWK(stranger.privateKey)), kid: "x", alg: "EdDSA", use: "sig" };
    const answers: Readonly<Record<string, KeysAnswer>> = {
      empty: { body: "" },
      "not JSON": { body: "<html>502</html>" },
      "half of it": { body: JSON.stringify({ keys: [stranger.jwk] }).slice(0, 60) },
      "no keys": { body: '{"keys":[]}' },
      "no list": { body: '{"keys":{}}' },
      "only keys of another kind": { body: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"r"}]}' },
      "a symmetric key": { body: '{"keys":[{"kty":"oct","alg":"HS256","k":"c2VjcmV0","kid":"h"}]}' },
      "an Ed25519 key for HS256": { body: JSON.stringify({ keys: [{ ...stranger.jwk, alg: "HS256" }] }) },
      "an Ed25519 key for encryption": { body: JSON.stringify({ keys: [{ ...stranger.jwk, use: "enc" }] }) },
      "a private key": { body: JSON.stringify({ keys: [withPrivateHalf] }) },
      "two keys of one name": { body: JSON.stringify({ keys: [stranger.jwk, stranger.jwk] }) },
      huge: { body: JSON.stringify({ keys: [stranger.jwk], filler: "x".repeat(70_000) }) },
      "an error": { status: 500, body: JSON.stringify({ keys: [stranger.jwk] }) },
      slow: { body: JSON.stringify({ keys: [stranger.jwk] }), delayMs: 3_000 },
      "too many keys": {
        body: JSON.stringify({
          keys: Array.from({ length: 33 }, (_, at) => ({ ...stranger.jwk, kid: `k${at}` })),
        }),
      },
      "a list in a list": { body: "[".repeat(60_000) },
      "10 MB that began as kilobytes": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "unzipping" },
      "no end": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "endless" },
      "a byte at a time": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "dripping" },
      "a byte less than announced": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "cut" },
      "all but the end of the body": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "half_closed" },
      "all but a byte, and silence": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "hanging" },
      "a redirect": { body: JSON.stringify({ keys: [stranger.jwk] }), as: "elsewhere" },
    };
    const seen = await token();
    await ask(seen);
    for (const [name, answer] of Object.entries(answers)) {
      await auth.answerKeysWith(answer);
      const failed = recorder.next("guard_probes", "keys", "failure");
      await auth.say("keys", "{}");
      await failed;
      assert.equal((await ask(await token())).kind, "member", name);
      assert.equal((await ask(seen)).certainty, "fresh", name);
      assert.equal((await ask(await token({ key: stranger }))).kind, "refused", name);
    }
  });

  await t.test(
    "are loaded again when Auth says that they changed, and tokens of a withdrawn one die",
    async (t) => {
      const { ask, auth, recorder, token } = await setUp(t);
      await recorder.reached(2, "guard_probes", "keys", "success");
      const old = auth.key;
      const seen = await token();
      assert.equal((await ask(seen)).kind, "member");
      await auth.rotate();
      const fetched = recorder.next("guard_probes", "keys", "success");
      await auth.say("keys", "{}");
      await fetched;
      const both = async () => [(await ask(seen)).kind, (await ask(await token())).kind];
      assert.deepEqual(await both(), ["member", "member"], "both keys count while they overlap");
      const again = recorder.next("guard_probes", "keys", "success");
      await auth.withdraw(old.kid, { tell: true });
      await again;
      assert.deepEqual(await both(), ["refused", "member"]);
      assert.equal((await ask(await token({ key: old }))).kind, "refused");
    },
  );

  await t.test("that were withdrawn are found out by polling while the feed cannot tell", async (t) => {
    const { anotherGuard, auth, token } = await setUp(t);
    const { guard, recorder } = anotherGuard({ credential: { id: "nobody", secret: "wrong" } });
    await guard.start();
    const seen = { authorization: `Bearer ${await token()}`, method: "GET" };
    assert.equal((await guard.identify(seen)).kind, "member");
    const old = auth.key.kid;
    await auth.rotate();
    await auth.withdraw(old, { tell: false });
    await recorder.next("guard_probes", "keys", "success");
    assert.equal(
      (await guard.identify(seen)).because,
      "token_invalid",
      "to be renewed, not to be waited for",
    );
    await auth.kill();
    await recorder.state("away");
    assert.equal((await guard.identify(seen)).because, "auth_away", "it may be one that Auth made since");
  });

  await t.test(
    "that are unknown are asked for once per cool-down, and the newest is soon known",
    async (t) => {
      const { ask, auth, recorder, token } = await setUp(t, {
        timings: { ...QUICK, keysPollMs: 60_000, unknownKeyCooldownMs: 1_000 },
      });
      await recorder.reached(2, "guard_probes", "keys", "success");
      await auth.rotate();
      const stranger = await testKey("stranger");
      const began = performance.now();
      const fetched = recorder.next("guard_probes", "keys", "success");
      const legitimate = await token();
      assert.equal((await ask(legitimate)).kind, "refused", "not known yet, and no request waits for it");
      for (let index = 0; index < 2_000; index += 1) {
        await ask(await token({ key: { ...stranger, kid: `stranger-${index}` } }));
      }
      await fetched;
      assert.equal((await ask(legitimate)).kind, "member");
      const fetches = (await auth.requests())["/.well-known/jwks.json"] ?? 0;
      assert.ok(fetches - 2 <= Math.ceil((performance.now() - began) / 1_000), `${fetches} fetches`);
    },
  );

  await t.test("are usable from the disk when the service starts while Auth is down", async (t) => {
    const { anotherGuard, ask, auth, guard, token } = await setUp(t);
    await ask(await token());
    await guard.stop();
    await auth.kill();
    const after = anotherGuard();
    await after.guard.start();
    const asked = { authorization: `Bearer ${await token()}`, method: "GET" };
    const { kind, certainty } = await after.guard.identify(asked);
    assert.deepEqual([kind, certainty], ["member", "stale"]);
  });

  await t.test("and the revocations of the last run are known then too", async (t) => {
    const { anotherGuard, ask, auth, clock, guard, recorder, token } = await setUp(t);
    const claims = {
      sub: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
      sid: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70",
    };
    const dead = await token({ claims });
    const seen = recorder.next("guard_feed_events", "revocation");
    await auth.endSession(claims.sub, claims.sid, clock.now());
    await seen;
    assert.equal((await ask(dead)).because, "session_ended");
    await guard.stop();
    await auth.kill();
    const after = anotherGuard();
    await after.guard.start();
    const asked = { authorization: `Bearer ${dead}`, method: "GET" };
    assert.equal((await after.guard.identify(asked)).because, "session_ended");
  });

  await t.test("that were tampered with on the disk are not used", async (t) => {
    const { anotherGuard, auth, directory, guard, token } = await setUp(t);
    const asked = { authorization: `Bearer ${await token()}`, method: "GET" };
    await guard.stop();
    await auth.kill();
    const path = join(directory, "keys.json");
    const stranger = await testKey("stranger");
    const kept = await readFile(path, "utf8");
    await writeFile(path, kept.replace(String(auth.key.jwk.x), String(stranger.jwk.x)));
    const after = anotherGuard();
    await after.guard.start();
    const { kind, because } = await after.guard.identify(asked);
    assert.deepEqual([kind, because], ["guest", "auth_away"]);
  });

  await t.test("are good for a day without Auth, and not for longer", async (t) => {
    const { ask, auth, clock, recorder, token } = await setUp(t);
    await auth.kill();
    await recorder.state("away");
    clock.advance({ minutes: 23 * 60 + 55 });
    assert.equal((await ask(await token())).kind, "member");
    clock.advance({ minutes: 6 });
    const { kind, because } = await ask(await token());
    assert.deepEqual([kind, because], ["guest", "auth_away"]);
  });

  await t.test("are not needed to start: without any, everybody is a guest", async (t) => {
    const { ask, guard, recorder, token } = await setUp(t, { down: true });
    const { kind, because, certainty } = await ask(await token());
    assert.deepEqual([kind, because, certainty], ["guest", "auth_away", "stale"]);
    assert.equal((await ask("forged")).kind, "refused");
    await recorder.state("away");
    assert.equal(guard.status().keysUsable, false);
  });
});
