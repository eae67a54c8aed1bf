import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { guest } from "./caller.ts";
import { decide, member, open, strict } from "./policy.ts";
import type { Fault } from "./testing/fault-proxy.ts";
import { QUICK, type Stand, setUp } from "./testing/set-up.ts";

type Trouble = { readonly begin: (stand: Stand) => unknown; readonly end: (stand: Stand) => unknown };

const network = (fault: Fault): Trouble => ({
  begin: ({ proxy }) => proxy.set(fault),
  end: ({ proxy }) => proxy.set({ kind: "none" }),
});

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "is killed": { begin: ({ auth }) => auth.kill(), end: ({ auth }) => auth.restart() },
  "is stopped": { begin: ({ auth }) => auth.freeze(), end: ({ auth }) => auth.thaw() },
  "refuses connections": network({ kind: "refuse" }),
  "takes connections and answers nothing": network({ kind: "blackhole" }),
  "answers ten seconds late": network({ kind: "delay", ms: 10_000 }),
  "answers a hundred bytes and ends": {
    begin: ({ proxy }) => {
      proxy.cut();
      return proxy.set({ kind: "truncate", bytes: 100 });
    },
    end: ({ proxy }) => proxy.set({ kind: "none" }),
  },
  "resets every answer": {
    begin: ({ proxy }) => {
      proxy.cut();
      return proxy.set({ kind: "reset", bytes: 20 });
    },
    end: ({ proxy }) => proxy.set({ kind: "none" }),
  },
  "drips its answers": network({ kind: "throttle", bytesPerSecond: 20 }),
};

const summary = async (caller: ReturnType<Stand["ask"]>) => {
  const { kind, certainty, because } = await caller;
  return `${kind}, ${certainty}, ${because}`;
};

test("when Auth", { concurrency: 4, timeout: 120_000 }, async (t) => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    await t.test(`${name}, viewers go on, strict routes say so, and all is well soon after`, async (t) => {
      const stand = await setUp(t);
      const { ask, guard, recorder, token } = stand;
      const seen = await token();
      assert.equal(await summary(ask(seen)), "member, fresh, verified");

      await trouble.begin(stand);
      await recorder.state("away");
      const fresh = await token();
      assert.equal(await summary(ask(seen)), "member, stale, auth_away");
      assert.equal(await summary(ask(fresh)), "member, stale, auth_away", "a token seen for the first time");
      const visitor = await guard.identify({ authorization: undefined, method: "GET" });
      assert.equal(decide(open, visitor).allow, true);
      const refusal = decide(strict, await ask(seen));
      assert.deepEqual(refusal, { allow: false, status: 503, code: "strict_unavailable", retryAfter: 5 });
      assert.equal((await ask(`${fresh.slice(0, -4)}AAAA`)).kind, "refused", "a forgery is still one");

      await trouble.end(stand);
      await recorder.state("fresh");
      assert.equal(await summary(ask(seen)), "member, fresh, verified");
      assert.deepEqual(
        recorder.lines.map(({ message }) => message).filter((message) => message !== "guard is stale"),
        ["guard is fresh", "guard is away", "guard is fresh"],
        "one line for each change and none for a request",
      );
    });
  }
});

/** An outage that is proven, with tokens from before it. */
async function outage(stand: Stand): Promise<void> {
  await stand.auth.kill();
  await stand.recorder.state("away");
}

test("grace", { concurrency: 4, timeout: 120_000 }, async (t) => {
  await t.test(
    "is for reading, with a token that ran out while nobody could renew it, for an hour",
    async (t) => {
      const stand = await setUp(t);
      const { ask, clock, token } = stand;
      const [seen, unseen] = [await token(), await token()];
      await ask(seen);
      await outage(stand);
      clock.advance({ minutes: 11, seconds: 1 });
      for (const old of [seen, unseen]) {
        const caller = await ask(old);
        assert.equal(`${caller.kind}, ${caller.certainty}`, "member, grace");
        assert.equal(decide(member, caller).allow, true);
        assert.equal(await summary(ask(old, "HEAD")), "member, grace, auth_away");
        for (const method of ["POST", "PUT", "PATCH", "DELETE", "TRACE", "get"]) {
          assert.equal(await summary(ask(old, method)), "guest, stale, auth_away", method);
        }
        const writing = decide(member, await ask(old, "POST"));
        assert.equal(writing.allow ? 0 : writing.status, 503, "our trouble is never a 401");
      }
      clock.advance({ minutes: 58, seconds: 59 });
      assert.equal(await summary(ask(seen)), "member, grace, auth_away");
      clock.advance({ seconds: 1 });
      assert.equal(await summary(ask(unseen)), "guest, stale, auth_away", "and after that a guest");
      assert.equal(decide(open, await ask(unseen)).allow, true);
    },
  );

  await t.test("ends as soon as Auth is back", async (t) => {
    const stand = await setUp(t);
    const { ask, auth, clock, recorder, token } = stand;
    const old = await token();
    await outage(stand);
    clock.advance({ minutes: 12 });
    assert.equal(await summary(ask(old)), "member, grace, auth_away");
    await auth.restart();
    await recorder.state("fresh");
    assert.equal(await summary(ask(old)), "refused, fresh, token_expired");
  });

  await t.test("is not for a token that ran out before", async (t) => {
    const stand = await setUp(t);
    const { ask, clock, recorder, token } = stand;
    const old = await token();
    clock.advance({ minutes: 10, seconds: 1 });
    await recorder.next("guard_probes", "feed", "success");
    await outage(stand);
    clock.advance({ minutes: 1 });
    const caller = await ask(old);
    assert.equal(`${caller.kind}, ${caller.because}`, "guest, auth_away");
    assert.equal(decide(member, caller).allow, false);
  });

  await t.test("is not for a session or an account ended before, however long ago that is now", async (t) => {
    const stand = await setUp(t);
    const { ask, auth, clock, recorder, token } = stand;
    const [sub, sid, account] = [randomUUID(), randomUUID(), randomUUID()];
    const dead = await token({ claims: { sub, sid } });
    const banned = await token({ claims: { sub: account } });
    const alive = await token();
    clock.advance({ seconds: 5 });
    await auth.endSession(sub, sid, clock.now());
    await auth.endAllSessions(account, clock.now());
    await recorder.reached(2, "guard_feed_events", "revocation");
    await outage(stand);
    for (const minutes of [0, 15, 25, 20]) {
      clock.advance({ minutes });
      // Long enough for the forgetting to have run.
      await recorder.next("guard_probes", "keys", "failure");
      assert.equal((await ask(dead)).because, "session_ended");
      assert.equal((await ask(banned)).because, "session_ended");
      assert.equal((await ask(alive)).kind, "member");
    }
  });

  await t.test("is not for what is not a token of ours", async (t) => {
    const stand = await setUp(t);
    const { ask, auth, clock, recorder, token } = stand;
    await recorder.reached(2, "guard_probes", "keys", "success");
    const fromWithdrawn = await token();
    assert.equal((await ask(fromWithdrawn)).kind, "member");
    const withdrawn = auth.key.kid;
    await auth.rotate();
    const fetched = recorder.next("guard_probes", "keys", "success");
    await auth.withdraw(withdrawn, { tell: true });
    await fetched;
    const good = await token();
    const wrong = {
      "another audience": await token({ claims: { aud: "billing" } }),
      "another issuer": await token({ claims: { iss: "https://evil.test" } }),
      "another type": await token({ header: { typ: "JWT" } }),
      tampered: good.slice(0, 80) + (good[80] === "A" ? "B" : "A") + good.slice(81),
      "too long a life": await token({ claims: { exp: Math.floor(clock.now().getTime() / 1000) + 3_600 } }),
    };
    await outage(stand);
    clock.advance({ minutes: 12 });
    assert.equal(await summary(ask(good)), "member, grace, auth_away");
    for (const [name, token] of Object.entries(wrong)) assert.equal((await ask(token)).kind, "refused", name);
    assert.equal(
      await summary(ask(fromWithdrawn)),
      "guest, stale, auth_away",
      "signed by a key that was withdrawn",
    );
  });

  await t.test("is not given while Auth is well, nor for a moment's silence", async (t) => {
    const { ask, auth, clock, proxy, recorder, token } = await setUp(t, {
      timings: { ...QUICK, provenAwayMs: 10_000 },
    });
    const old = await token();
    clock.advance({ minutes: 12 });
    assert.equal(await summary(ask(old)), "refused, fresh, token_expired");

    proxy.cut();
    await recorder.next("guard_probes", "feed", "failure");
    assert.equal((await ask(old)).because, "token_expired", "cut off for a moment");

    await auth.answerKeysWith({ delayMs: 1_000 });
    const slow = recorder.next("guard_probes", "keys", "failure");
    await auth.say("keys", "{}");
    await slow;
    assert.equal((await ask(old)).because, "token_expired", "one slow answer");

    await auth.kill();
    await recorder.reached(6, "guard_probes", "feed", "failure");
    assert.equal((await ask(old)).because, "token_expired", "failing, but not for long enough");
  });

  await t.test("is not given by an instance that never knew what was revoked", async (t) => {
    const stand = await setUp(t);
    const { anotherGuard, auth, clock, guard, token } = stand;
    const old = await token();
    await guard.stop();
    await auth.kill();
    const { guard: newcomer, recorder } = anotherGuard();
    await newcomer.start();
    await recorder.state("away");
    const asked = { authorization: `Bearer ${old}`, method: "GET" };
    assert.equal(await summary(Promise.resolve(newcomer.identify(asked))), "member, stale, auth_away");
    clock.advance({ minutes: 12 });
    assert.equal(await summary(Promise.resolve(newcomer.identify(asked))), "guest, stale, auth_away");
  });
});

test("while the feed fails and the keys come", { concurrency: 4, timeout: 120_000 }, async (t) => {
  const keysAgain = async ({ recorder }: Stand, times = 4) => {
    const before = recorder.counted("guard_probes", "keys", "success");
    await recorder.reached(before + times, "guard_probes", "keys", "success");
  };

  for (const [name, readiness] of [
    ["says that it is not ready", { status: 503 }],
    ["does not answer whether it is ready", "silence"],
  ] as const) {
    await t.test(`an Auth that ${name} is away for as long, and grace is not taken back`, async (t) => {
      const stand = await setUp(t);
      const { ask, auth, clock, recorder, token } = stand;
      const old = await token();
      await auth.change({ readiness, feedStatus: 503 });
      await recorder.state("away");
      clock.advance({ minutes: 12 });
      for (let round = 0; round < 3; round += 1) {
        await keysAgain(stand);
        assert.equal(await summary(ask(old)), "member, grace, auth_away");
      }
      assert.equal(recorder.counted("guard_state_changes", "away"), 1, "one outage is one");
      await auth.change({ readiness: { status: 200 }, feedStatus: undefined });
      await recorder.state("fresh");
      assert.equal(await summary(ask(old)), "refused, fresh, token_expired");
    });
  }

  await t.test("an Auth that is ready is not away: something on the way cuts the feed alone", async (t) => {
    const stand = await setUp(t);
    const { ask, auth, clock, recorder, token } = stand;
    const old = await token();
    await auth.change({ readiness: { status: 200 }, feedStatus: 502 });
    await recorder.state("stale");
    clock.advance({ minutes: 12 });
    await recorder.reached(30, "guard_probes", "readiness", "success");
    await keysAgain(stand);
    assert.equal(recorder.counted("guard_state_changes", "away"), 0);
    assert.equal(await summary(ask(old)), "refused, stale, token_expired", "it can be renewed");
  });

  for (const [name, readiness] of [
    ["no such address", { status: 404 }],
    ["a page of a gateway's own", { status: 200, body: "<html>" }],
    ["nothing for us", { status: 403 }],
  ] as const) {
    await t.test(`the keys' word ends an outage where there is ${name} to ask at`, async (t) => {
      // Keys that come more often than an outage is proven would keep it from being one.
      const { auth, recorder } = await setUp(t, { timings: { ...QUICK, keysPollMs: 2_000 } });
      await auth.change({ readiness, feedStatus: 502 });
      await recorder.state("away");
      await recorder.state("stale");
      assert.equal(recorder.counted("guard_probes", "readiness", "success"), 0);
      assert.equal(recorder.counted("guard_probes", "readiness", "failure"), 0);
    });
  }
});

test("rights that were changed before the outage do not come back in it, and nobody is told to renew them at an Auth that is away", async (t) => {
  const stand = await setUp(t);
  const { ask, auth, clock, recorder, token } = stand;
  const sub = randomUUID();
  const [old, unseen] = [await token({ claims: { sub } }), await token({ claims: { sub } })];
  await ask(old);
  clock.advance({ seconds: 5 });
  const heard = recorder.next("guard_feed_events", "revocation");
  await auth.changeClaims(sub, clock.now());
  await heard;
  assert.equal(await summary(ask(old)), "refused, fresh, token_outdated");
  await outage(stand);
  for (const minutes of [0, 12]) {
    clock.advance({ minutes });
    for (const outdated of [old, unseen]) {
      const caller = await ask(outdated);
      assert.deepEqual(caller, guest("auth_away", "stale"));
      const refusal = decide(member, caller);
      assert.equal(refusal.allow ? 0 : refusal.status, 503);
    }
  }
  await auth.restart();
  await recorder.state("fresh");
  assert.equal((await ask(old)).kind, "refused");
});

test("a broken counter decides nothing", async (t) => {
  const { ask, token } = await setUp(t, {
    metrics: {
      count() {
        throw new Error("no");
      },
    },
  });
  assert.equal((await ask(await token())).kind, "member");
});

test("an Auth that fails at once is asked no more often than agreed", { timeout: 30_000 }, async (t) => {
  const { proxy, recorder } = await setUp(t, {
    timings: { ...QUICK, feedRetryMs: 200, feedRetryCapMs: 400 },
  });
  await proxy.set({ kind: "reset", bytes: 0 });
  proxy.cut();
  await recorder.next("guard_probes", "feed", "failure");
  const [began, before] = [performance.now(), recorder.counted("guard_probes", "feed", "failure")];
  await recorder.reached(before + 6, "guard_probes", "feed", "failure");
  assert.ok(performance.now() - began >= 5 * 195, "six attempts, 200 ms apart at least");
});
