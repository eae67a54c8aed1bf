import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { QUICK, setUp } from "../testing/set-up.ts";

test("the revocation feed", { concurrency: true, timeout: 60_000 }, async (t) => {
  await t.test("ends a session on every instance as soon as it says so, and no other", async (t) => {
    const { anotherGuard, ask, auth, clock, guard, recorder, token } = await setUp(t);
    const second = anotherGuard();
    await second.guard.start();
    const [sub, sid] = [randomUUID(), randomUUID()];
    const dead = await token({ claims: { sub, sid } });
    const alive = await token({ claims: { sub } });
    const both = async (token: string) =>
      (
        await Promise.all(
          [guard, second.guard].map((one) =>
            one.identify({ authorization: `Bearer ${token}`, method: "GET" }),
          ),
        )
      ).map(({ kind, because }) => `${kind}, ${because}`);
    assert.deepEqual(await both(dead), ["member, verified", "member, verified"]);

    const seen = [recorder, second.recorder].map((each) => each.next("guard_feed_events", "revocation"));
    await auth.endSession(sub, sid, clock.now());
    await Promise.all(seen);
    assert.deepEqual(await both(dead), ["refused, session_ended", "refused, session_ended"]);
    assert.deepEqual(await both(alive), ["member, verified", "member, verified"]);
    assert.equal((await ask(dead)).kind, "refused", "and it stays so");
    assert.equal(guard.status().revokedSessions, 1);
  });

  await t.test("ends everything an account was given before, and nothing it is given after", async (t) => {
    const { ask, auth, clock, recorder, token } = await setUp(t);
    for (const [change, because] of [
      ["endAllSessions", "session_ended"],
      ["changeClaims", "token_outdated"],
    ] as const) {
      const sub = randomUUID();
      const before = await token({ claims: { sub } });
      assert.equal((await ask(before)).kind, "member");
      clock.advance({ seconds: 1 });
      const seen = recorder.next("guard_feed_events", "revocation");
      await auth[change](sub, clock.now());
      await seen;
      assert.equal((await ask(before)).because, because);
      assert.equal((await ask(await token({ claims: { sub } }))).kind, "member", `${change}: a new token`);
    }
  });

  await t.test(
    "signs nobody out for a password that was chosen: the sessions it ended are told each",
    async (t) => {
      const { ask, auth, clock, recorder, token } = await setUp(t);
      const sub = randomUUID();
      const before = await token({ claims: { sub } });
      clock.advance({ seconds: 1 });
      await auth.changeCredential(sub, clock.now());
      const seen = recorder.next("guard_feed_events", "revocation");
      await auth.endSession(sub, randomUUID(), clock.now());
      await seen;
      assert.equal((await ask(before)).kind, "member");
    },
  );

  await t.test("is resumed after a cut where it was left, without starting over", async (t) => {
    const { ask, auth, clock, proxy, recorder, token } = await setUp(t);
    const [sub, sid] = [randomUUID(), randomUUID()];
    const doomed = await token({ claims: { sub, sid } });
    await proxy.set({ kind: "refuse" });
    await recorder.next("guard_probes", "feed", "failure");
    await auth.endSession(sub, sid, clock.now());
    assert.equal((await ask(doomed)).kind, "member", "nobody could have told");
    const seen = recorder.next("guard_feed_events", "revocation");
    await proxy.set({ kind: "none" });
    await seen;
    assert.equal((await ask(doomed)).because, "session_ended");
    assert.equal(recorder.counted("guard_feed_events", "snapshot-begin"), 1);
  });

  await t.test("is taken from the beginning where the cursor is too old", async (t) => {
    const { auth, clock, guard, proxy, recorder } = await setUp(t);
    const seen = recorder.next("guard_feed_events", "revocation");
    await auth.endSession(randomUUID(), randomUUID(), clock.now());
    await seen;
    await auth.change({ oldestCursor: 1_000 });
    const again = recorder.next("guard_feed_events", "snapshot-end");
    proxy.cut();
    await again;
    assert.equal(recorder.counted("guard_feed_events", "snapshot-begin"), 2);
    assert.equal(guard.status().revokedSessions, 1);
  });

  await t.test("is started over rather than skipped where an event cannot be read", async (t) => {
    const { auth, guard, recorder } = await setUp(t);
    const failed = recorder.next("guard_probes", "feed", "failure");
    await auth.say("revocation", "{not json");
    await failed;
    await recorder.state("stale");
    assert.equal(guard.status().revokedSessions, 0);
    const fresh = recorder.state("fresh");
    await auth.change({ events: [] });
    await fresh;
    assert.equal(recorder.lines.at(-1)?.message, "guard is fresh");
  });

  await t.test("is not forgotten where the wall clock leaps ahead and comes back", async (t) => {
    const { ask, auth, clock, recorder, token } = await setUp(t);
    const [sub, sid] = [randomUUID(), randomUUID()];
    const doomed = await token({ claims: { sub, sid } });
    const seen = recorder.next("guard_feed_events", "revocation");
    await auth.endSession(sub, sid, clock.now());
    await seen;
    clock.advance({ minutes: 30 });
    for (let heard = 0; heard < 4; heard += 1) await recorder.next("guard_probes", "feed", "success");
    assert.equal((await ask(doomed)).because, "session_ended");
    clock.advance({ minutes: -30 });
    assert.equal((await ask(doomed)).because, "session_ended");
  });

  await t.test("leaves the guard unsure for as long as it may not be read", async (t) => {
    const { anotherGuard, ask, auth, clock, guard, token } = await setUp(t);
    const good = await token();
    assert.equal((await ask(good)).certainty, "fresh");
    const barred = anotherGuard({ credential: { id: auth.credential.id, secret: "wrong" } });
    await barred.guard.start();
    await barred.recorder.reached(5, "guard_probes", "feed", "refused");
    await barred.recorder.reached(3, "guard_probes", "keys", "success");
    assert.equal(barred.recorder.counted("guard_probes", "feed", "failure"), 0);
    const loud = barred.recorder.lines.filter(({ message }) =>
      /refuses this service's credential/.test(message),
    );
    assert.equal(loud.length, 1, "said once, however often it is tried");
    const asked = { authorization: `Bearer ${good}`, method: "GET" };
    assert.equal((await barred.guard.identify(asked)).certainty, "stale");
    assert.equal(barred.guard.status().state, "stale", "Auth answers for its keys, so it is not away");
    clock.advance({ minutes: 12 });
    assert.equal((await barred.guard.identify(asked)).because, "token_expired", "and there is no grace");
    assert.equal(guard.status().state, "fresh");
  });

  await t.test(
    "that refuses the credential is no outage, however long between two fetches of keys",
    async (t) => {
      const { anotherGuard } = await setUp(t);
      const { guard, recorder } = anotherGuard({
        credential: { id: "nobody", secret: "wrong" },
        timings: { ...QUICK, keysPollMs: 60_000 },
      });
      await guard.start();
      // Several times as long as it takes to prove an outage by failures.
      await recorder.reached(24, "guard_probes", "feed", "refused");
      assert.equal(guard.status().state, "stale");
      assert.equal(recorder.counted("guard_state_changes", "away"), 0);
    },
  );

  await t.test("tells how old its news is", async (t) => {
    const time = { uptime: 0 };
    const { auth, guard, recorder } = await setUp(t, { uptime: () => time.uptime });
    await recorder.state("fresh");
    assert.equal(guard.status().knowledgeAgeMs, 0);
    auth.freeze();
    await recorder.next("guard_probes", "feed", "failure");
    time.uptime += 3_600_000;
    assert.equal(guard.status().knowledgeAgeMs, 3_600_000);
    await recorder.next("guard_probes", "feed", "failure");
    assert.equal(guard.status().knowledgeAgeMs, 3_600_000, "a try that fails tells nothing new");
    auth.thaw();
    await recorder.next("guard_feed_events", "snapshot-end");
    assert.equal(guard.status().knowledgeAgeMs, 0);
  });
});
