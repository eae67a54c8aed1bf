import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@kinopass/testing";
import { ChallengesAway } from "./challenge-store.ts";
import { FallbackChallenges } from "./fallback-challenges.ts";
import { postgresStore, redisStore } from "./testing/stores.ts";
import { captchaOn, LIVING_ROOM, NETWORK, READING_MS, reckon, shown } from "./testing/viewer.ts";

async function setUp(t: Parameters<typeof redisStore>[0]) {
  const { store: redisChallenges, redis, server } = await redisStore(t, 150);
  const { store: postgresChallenges, db } = await postgresStore(t);
  const clock = new ManualClock();
  const away: ChallengesAway[] = [];
  const store = new FallbackChallenges({
    redis: redisChallenges,
    postgres: postgresChallenges,
    clock,
    onAway: (error) => away.push(error),
  });
  return { ...captchaOn(store, { clock }), away, redis, server, db, purge: postgresChallenges };
}

async function solve(
  { captcha, clock }: Awaited<ReturnType<typeof setUp>>,
  challenge: Awaited<ReturnType<typeof shown>>,
) {
  clock.advance({ ms: READING_MS });
  const outcome = await captcha.answer({ id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM });
  assert.equal(outcome.kind, "solved");
  return outcome.pass;
}

test("while Redis is there challenges live in it, and PostgreSQL is not touched", async (t) => {
  const world = await setUp(t);
  const challenge = await shown(world.captcha);

  assert.equal(await world.captcha.redeem(await solve(world, challenge), LIVING_ROOM), true);
  assert.match(challenge.id, /^r/);
  const { rows } = await world.db.run({
    name: "count",
    text: "select from auth.captcha_challenges",
    values: [],
  });
  assert.equal(rows.length, 0);
});

test("Redis that dies takes its challenges along as a 503, and new ones work from PostgreSQL at once", async (t) => {
  const world = await setUp(t);
  const lost = await shown(world.captcha);
  world.server.signal("SIGKILL");

  const fresh = await shown(world.captcha);

  assert.match(fresh.id, /^p/);
  assert.equal(await world.captcha.redeem(await solve(world, fresh), LIVING_ROOM), true);
  await assert.rejects(world.captcha.answer({ id: lost.id, answer: 1, caller: LIVING_ROOM }), ChallengesAway);
  assert.ok(world.away.length > 0);
});

test("a frozen Redis costs one deadline, then is left alone for a second", async (t) => {
  const world = await setUp(t);
  world.server.signal("SIGSTOP");
  t.after(() => world.server.signal("SIGCONT"));

  for (let count = 0; count < 5; count++) assert.match((await shown(world.captcha)).id, /^p/);
  assert.equal(world.away.length, 1);
  world.server.signal("SIGCONT");
  await world.redis.ping();
  world.clock.advance({ ms: 1_000 });

  assert.match((await shown(world.captcha)).id, /^r/);
});

test("a pass earned in Redis is not accepted while Redis is away: no answer is not a yes", async (t) => {
  const world = await setUp(t);
  const pass = await solve(world, await shown(world.captcha));
  world.server.signal("SIGSTOP");
  t.after(() => world.server.signal("SIGCONT"));

  await assert.rejects(world.captcha.redeem(pass, LIVING_ROOM), ChallengesAway);
});

test("after Redis starts again empty, old challenges are unknown and old passes are refused", async (t) => {
  const world = await setUp(t);
  const open = await shown(world.captcha);
  const pass = await solve(world, await shown(world.captcha));
  await world.server.restart();
  while (world.redis.status !== "ready") await new Promise((soon) => setTimeout(soon, 10));

  assert.equal((await world.captcha.answer({ id: open.id, answer: 1, caller: LIVING_ROOM })).kind, "unknown");
  assert.equal(await world.captcha.redeem(pass, LIVING_ROOM), false);
  assert.match((await shown(world.captcha)).id, /^r/);
});

test("with both away the caller is told so, and no pass is given", async (t) => {
  const world = await setUp(t);
  const challenge = await shown(world.captcha);
  world.server.signal("SIGKILL");
  await world.db.close();

  await assert.rejects(shown(world.captcha), { name: "ChallengesAway" });
  await assert.rejects(
    world.captcha.answer({ id: challenge.id, answer: 1, caller: LIVING_ROOM }),
    ChallengesAway,
  );
});

test("neither home holds an answer, an address, a device or a pass in the clear", async (t) => {
  const world = await setUp(t);
  const inRedis = await shown(world.captcha);
  const passes = [await solve(world, inRedis)];
  const kept: string[] = [];
  for (const key of await world.redis.keys("*"))
    kept.push(key, JSON.stringify(await world.redis.hgetall(key)));
  world.server.signal("SIGKILL");
  const inPostgres = await shown(world.captcha);
  passes.push(await solve(world, inPostgres));
  for (const table of ["challenges", "networks"]) {
    const text = `select row_to_json(t)::text as row from auth.captcha_${table} t`;
    const { rows } = await world.db.run<{ row: string }>({ name: table, text, values: [] });
    assert.equal(rows.length, 1);
    kept.push(...rows.map(({ row }) => row));
  }

  const secrets = [NETWORK, LIVING_ROOM.device, ...passes, inRedis.text ?? "", inPostgres.text ?? ""];
  for (const secret of secrets) assert.ok(!kept.join("\n").includes(secret), secret);
});

test("whatever is in Redis expires by itself, and what is in PostgreSQL is purged in batches", async (t) => {
  const world = await setUp(t);
  await shown(world.captcha);
  for (const key of await world.redis.keys("*")) assert.ok((await world.redis.pttl(key)) > 0, key);
  world.server.signal("SIGKILL");
  for (const network of ["a", "b", "c"]) await shown(world.captcha, { network });
  const purged = async () => await world.purge.purge({ now: world.clock.now(), limit: 2 });

  const early = await purged();
  world.clock.advance({ hours: 2 });

  assert.deepEqual([early, await purged(), await purged(), await purged()], [0, 4, 2, 0]);
});
