import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLogger } from "@kinopass/http";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { rowsOf, setUpSessions } from "../sessions/set-up.test-support.ts";
import { eventStream } from "./event-stream.ts";
import { type FeedItem, RevocationFeed } from "./feed.ts";
import { Polling } from "./polling.ts";
import { MOST_ROWS } from "./queries.ts";

const names = { issuer: "http://auth.example", audience: "kinopass" };
const system = { kind: "system" } as const;

async function setUp(t: TestContext) {
  const ground = await setUpSessions(t, 2);
  const logger = createLogger({ level: "silent", service: "test" });
  const feeds = ground.services.map(
    ({ db, keys }) => new RevocationFeed({ db, keys, clock: ground.clock, logger }),
  );
  for (const feed of feeds) await feed.start();
  t.after(() => {
    for (const feed of feeds) feed.stop();
  });
  const [here, there] = feeds;
  if (here === undefined || there === undefined) throw new Error("two feeds");
  return { ...ground, here, there, logger };
}

/** The next item that a feed tells. */
function next(feed: RevocationFeed): Promise<FeedItem> {
  return new Promise((done) => {
    const stop = feed.listen((item) => {
      stop();
      done(item);
    });
  });
}

test("a session ended on one replica is told by the other at once", async (t) => {
  const { services, there, opening, account } = await setUp(t);
  const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
  const told = next(there);
  await services[0]?.sessions.end(account.id, sessionId, system);
  const item = await told;
  assert.ok(item.kind === "revocation" && item.row.session_id === sessionId);
});

test("a replica that starts after very many says that it knows all that is dead only when it does", async (t) => {
  const { clock, services, logger, db } = await setUp(t);
  const many = MOST_ROWS + 10_000;
  await db.run({
    name: "",
    text: `insert into auth.revocations (recorded_at, event, account_id, session_id, because)
           select $1, 'session-revoked', gen_random_uuid(), gen_random_uuid(), 'many' from generate_series(1, ${many})`,
    values: [clock.now()],
  });
  const [service] = services;
  assert.ok(service);
  const feed = new RevocationFeed({ ...service, clock, logger });
  t.after(() => feed.stop());
  await feed.start();
  // On a busy machine so many rows may take longer than a statement may: it reads again, and says nothing until then.
  while (!feed.isFresh) await setImmediate();
  assert.equal(feed.begin(undefined).rows.length, many);
});

test("a revocation that commits late, below an id already told, is not missed", async (t) => {
  const { services, here, opening, account, db } = await setUp(t);
  const open = () => services[0]?.sessions.open(opening).then(({ sessionId }) => sessionId) ?? assert.fail();
  const [slow, quick] = [await open(), await open()];
  const told: string[] = [];
  here.listen((item) => void (item.kind === "revocation" && told.push(item.row.session_id ?? "")));
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const { promise: written, resolve: wrote } = Promise.withResolvers<void>();
  const late = db.transaction(async (tx) => {
    await tx.run({
      name: "",
      text: "insert into auth.revocations (recorded_at, event, account_id, session_id, because) values ($1, 'session-revoked', $2, $3, 'late')",
      values: [new Date("2026-03-01T12:00:00Z"), account.id, slow],
    });
    wrote();
    await gate;
  });
  await written;
  const sawQuick = next(here);
  await services[0]?.sessions.end(account.id, quick, system);
  await sawQuick;
  const sawSlow = next(here);
  release();
  await late;
  await sawSlow;
  assert.deepEqual(told, [quick, slow]);
});

test("a listener with a cursor is given what it missed; one with an unknown cursor, everything", async (t) => {
  const { services, here, opening, account, clock } = await setUp(t);
  const end = async () => {
    const told = next(here);
    const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
    await services[0]?.sessions.end(account.id, sessionId, system);
    await told;
    return sessionId;
  };
  const first = await end();
  clock.advance({ minutes: 1 });
  await end();
  const { cursor } = here;
  clock.advance({ minutes: 1 });
  const third = await end();
  const resumed = here.begin(cursor);
  assert.equal(resumed.whole, false);
  assert.ok(resumed.rows.some(({ session_id }) => session_id === third));
  assert.ok(!resumed.rows.some(({ session_id }) => session_id === first));
  assert.equal(here.begin(undefined).rows.length, 3);
  assert.equal(here.begin("999999").whole, true);
  assert.deepEqual(
    here.begin(here.cursor).rows.map(({ session_id }) => session_id),
    [third],
  );
});

test("a revocation is forgotten once every token it speaks of has run out", async (t) => {
  const { services, here, opening, account, clock } = await setUp(t);
  const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
  const told = next(here);
  await services[0]?.sessions.end(account.id, sessionId, system);
  await told;
  assert.equal(here.size, 1);
  clock.advance({ minutes: 14 });
  while (here.size > 0) await new Promise((done) => setTimeout(done, 20));
});

test("a rotated key is told, so that services read the new set at once", async (t) => {
  const { services, there } = await setUp(t);
  const told = next(there);
  await services[0]?.keys.rotate(async () => {});
  assert.deepEqual(await told, { kind: "keys" });
});

test("the stream begins with a snapshot, goes on with events, and stops listening when the reader leaves", async (t) => {
  const { services, here, opening, account } = await setUp(t);
  const stream = eventStream(here, undefined, names).setEncoding("utf8");
  let text = "";
  stream.on("data", (part: string) => (text += part));
  const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
  await services[0]?.sessions.end(account.id, sessionId, system);
  while (!text.includes(sessionId)) await once(stream, "data");
  const events = [...text.matchAll(/^event: (.+)$/gm)].map(([, name]) => name);
  assert.deepEqual(events, ["snapshot-begin", "snapshot-end", "revocation"]);
  const event = JSON.parse(/^data: (.*iss_sub.*)$/m.exec(text)?.[1] ?? "") as Record<string, unknown>;
  assert.equal(event["iss"], names.issuer);
  assert.deepEqual(Object.keys(event["events"] as object), [
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
  ]);
  stream.destroy();
  await once(stream, "close");
});

test("a listener that does not read is cut instead of filling the memory", async (t) => {
  const { here, db, account, clock } = await setUp(t);
  const stream = eventStream(here, undefined, names);
  const cut = once(stream, "error").catch((error: unknown) => [error]);
  await rowsOf(
    db,
    "insert into auth.revocations (recorded_at, event, account_id, session_id, because) select $1, 'session-revoked', $2, gen_random_uuid(), 'flood' from generate_series(1, 12000)",
    clock.now(),
    account.id,
  );
  assert.match(String((await cut)[0]), /does not read/);
});

test("a listener that reads is given everything, however much that is, and what happens meanwhile after it", async (t) => {
  const { here, db, account, clock } = await setUp(t);
  const flood = (most: number) =>
    rowsOf(
      db,
      "insert into auth.revocations (recorded_at, event, account_id, session_id, because) select $1, 'session-revoked', $2, gen_random_uuid(), 'flood' from generate_series(1, $3::int)",
      clock.now(),
      account.id,
      most,
    );
  await flood(20_000);
  while (here.size < 20_000) await next(here);
  const stream = eventStream(here, undefined, names);
  const late = next(here);
  await flood(1);
  await late;
  const closed = new Promise<void>((done) => stream.once("close", done));
  let [told, ended] = [0, 0];
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      if (frame.includes("event: revocation")) told += 1;
      if (frame.includes("event: snapshot-end")) ended = told;
    }
    if (told > 20_000) break;
  }
  assert.deepEqual([ended, told], [20_000, 20_001]);
  await closed;
  assert.equal(here.listeners, 0);
});

test("a poller is given signed events until it acknowledges them, once each afterwards", async (t) => {
  const { services, here, opening, account, clock, keys, db, accessTokens } = await setUp(t);
  const polling = new Polling({ db, clock, feed: here, keys, ...names });
  for (let count = 0; count < 3; count += 1) {
    const told = next(here);
    const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
    await services[0]?.sessions.end(account.id, sessionId, system);
    await told;
  }
  const first = await polling.poll("svc", { maxEvents: 2 });
  assert.deepEqual([Object.keys(first.sets).length, first.moreAvailable], [2, true]);
  const [jti = "", token = ""] = Object.entries(first.sets)[0] ?? [];
  assert.equal(decodeProtectedHeader(token).typ, "secevent+jwt");
  assert.equal(decodeJwt(token).jti, jti);
  const key = (await keys.verifying(decodeProtectedHeader(token).kid ?? "")) ?? assert.fail();
  await jwtVerify(token, key, { typ: "secevent+jwt", currentDate: clock.now() });
  assert.equal(await accessTokens.verify(token), undefined);
  const again = await polling.poll("svc", { maxEvents: 2 });
  assert.deepEqual(Object.keys(again.sets), Object.keys(first.sets));
  const rest = await polling.poll("svc", { done: Object.keys(first.sets) });
  assert.equal(Object.keys(rest.sets).length, 1);
  assert.deepEqual((await polling.poll("svc", { done: Object.keys(rest.sets) })).sets, {});
  assert.equal(Object.keys((await polling.poll("another", {})).sets).length, 3);
});

test("a poller is not told again after a restart what it acknowledged before", async (t) => {
  const { here, account, clock, keys, db } = await setUp(t);
  const replica = () => new Polling({ db, clock, feed: here, keys, ...names });
  const end = async () => {
    const told = next(here);
    await rowsOf(
      db,
      "insert into auth.revocations (recorded_at, event, account_id, session_id, because) values ($1, 'session-revoked', $2, gen_random_uuid(), 'test')",
      clock.now(),
      account.id,
    );
    await told;
  };
  const before = replica();
  await end();
  const [old = ""] = Object.keys((await before.poll("svc", {})).sets);
  clock.advance({ seconds: 11 });
  while (here.settled === 0n) await setImmediate();
  await before.poll("svc", { done: [old] });
  const after = replica();
  await end();
  const [young = ""] = Object.keys((await after.poll("svc", {})).sets);
  assert.notEqual(young, old);
  clock.advance({ seconds: 11 });
  while (here.settled === BigInt(old.slice(4))) await setImmediate();
  assert.deepEqual((await after.poll("svc", { done: [young, "rev-9999", "nonsense"] })).sets, {});
  assert.deepEqual((await replica().poll("svc", {})).sets, {});
});

test("a poller that waits hears what happens at once, and is let go when it leaves or the server drains", async (t) => {
  const { services, here, opening, account, clock, keys, db } = await setUp(t);
  const polling = new Polling({ db, clock, feed: here, keys, ...names });
  const wait = new AbortController().signal;
  const listening = async (many: number) => {
    while (here.listeners !== many) await setImmediate();
  };
  const waiting = polling.poll("svc", { wait });
  await listening(1);
  const { sessionId } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
  await services[0]?.sessions.end(account.id, sessionId, system);
  const heard = await waiting;
  assert.equal(Object.keys(heard.sets).length, 1);
  const done = Object.keys(heard.sets);
  assert.equal(
    Object.keys((await polling.poll("svc", { wait })).sets).length,
    1,
    "there is something: no wait",
  );
  assert.deepEqual(await polling.poll("svc", { done, maxEvents: 0, wait }), {
    sets: {},
    moreAvailable: false,
  });

  const leaving = new AbortController();
  const left = polling.poll("svc", { wait: leaving.signal });
  await listening(1);
  leaving.abort();
  assert.deepEqual((await left).sets, {});
  const drained = polling.poll("svc", { wait });
  await listening(1);
  polling.close();
  assert.deepEqual((await drained).sets, {});
  assert.deepEqual((await polling.poll("svc", { wait })).sets, {}, "nor does anybody wait from then on");
  assert.equal(here.listeners, 0);
});
