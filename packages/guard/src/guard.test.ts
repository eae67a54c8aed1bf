import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { QUICK, setUp } from "./testing/set-up.ts";
import { testKey } from "./testing/test-keys.ts";

const parallel = { concurrency: true, timeout: 60_000 };

test("the guard", parallel, async (t) => {
  await t.test("knows a member by a good token, with what the token says", async (t) => {
    const { ask, token } = await setUp(t);
    const [sub, sid] = [randomUUID(), randomUUID()];
    const caller = await ask(
      await token({ claims: { sub, sid, roles: ["subscriber", "editor"], age_ceiling: 16 } }),
    );
    assert.deepEqual(caller, {
      kind: "member",
      certainty: "fresh",
      accountId: sub,
      sessionId: sid,
      clientId: "web",
      roles: new Set(["subscriber", "editor"]),
      ageCeiling: 16,
      because: "verified",
    });
  });

  await t.test("answers at once, without a promise, for a token it has seen", async (t) => {
    const { ask, guard, token } = await setUp(t);
    const seen = await token();
    const first = await ask(seen);
    assert.equal(guard.identify({ authorization: `Bearer ${seen}`, method: "GET" }), first);
  });

  await t.test("takes the scheme in any case and other schemes for no token", async (t) => {
    const { guard, token } = await setUp(t);
    const good = await token();
    const kindOf = async (authorization: string | undefined) => {
      const { kind, because } = await guard.identify({ authorization, method: "GET" });
      return `${kind}, ${because}`;
    };
    assert.equal(await kindOf(`bearer ${good}`), "member, verified");
    assert.equal(await kindOf(undefined), "guest, no_token");
    assert.equal(await kindOf(""), "guest, no_token");
    assert.equal(await kindOf("Basic dTpw"), "guest, no_token");
    assert.equal(await kindOf("Bearer"), "refused, token_invalid");
    assert.equal(await kindOf(`Bearer ${good} ${good}`), "refused, token_invalid");
  });

  await t.test("refuses a token that has run out, and says so", async (t) => {
    const { ask, clock, token } = await setUp(t);
    const good = await token();
    clock.advance({ minutes: 10, seconds: 59 });
    assert.equal((await ask(good)).kind, "member");
    clock.advance({ seconds: 1 });
    const caller = await ask(good);
    assert.equal(`${caller.kind}, ${caller.because}`, "refused, token_expired");
  });

  await t.test("opens no connection for requests, whatever they bring", async (t) => {
    const { ask, auth, proxy, recorder, token } = await setUp(t, {
      timings: { ...QUICK, keysPollMs: 60_000, unknownKeyCooldownMs: 60_000 },
    });
    await recorder.reached(2, "guard_probes", "keys", "success");
    const before = await auth.requests();
    const connections = proxy.accepted;
    for (let index = 0; index < 200; index += 1) await ask(await token());
    const stranger = await testKey("stranger");
    for (let index = 0; index < 200; index += 1) {
      await ask(await token({ key: { ...stranger, kid: `stranger-${index}` } }));
      await ask(`garbage.${index}`);
    }
    assert.deepEqual(await auth.requests(), before);
    assert.equal(proxy.accepted, connections);
  });
});
