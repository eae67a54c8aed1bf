import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { catalogContract } from "./contract.ts";
import { plantFilms, SHELF } from "./testing/plant-films.ts";
import { startTestCatalog } from "./testing/start-catalog.ts";

const setUp = (t: Parameters<typeof startTestCatalog>[0], options = {}) =>
  startTestCatalog(t, (db) => plantFilms(db, SHELF), options);

test("a flood from one address is refused with the time to wait, and health is outside of every limit", async (t) => {
  const { app } = await setUp(t);
  const from = (url: string) => app.inject({ url, remoteAddress: "198.51.100.7" });
  const answers = await Promise.all(Array.from({ length: 300 }, () => from("/v1/genres")));
  const refused = answers.filter(({ statusCode }) => statusCode === 429);
  assert.ok(refused.length > 50, String(refused.length));
  assert.equal(refused[0]?.json().code, "rate_limited");
  assert.match(String(refused[0]?.headers["retry-after"]), /^\d+$/);
  assert.equal((await from("/livez")).statusCode, 200);
  assert.equal((await from("/readyz")).statusCode, 200);
  assert.equal((await app.inject({ url: "/v1/genres", remoteAddress: "203.0.113.9" })).statusCode, 200);
});

test("an operator's file of limits counts from the start, and one with mistakes keeps the service from starting", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kinopass-limits-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const LIMITS_FILE = join(directory, "limits.json");
  const reads = { buckets: { address: { capacity: 1, refill: 1, perSeconds: 3600 } } };
  await writeFile(LIMITS_FILE, JSON.stringify({ classes: { reads } }));
  const { app } = await setUp(t, { variables: { LIMITS_FILE } });
  const ask = async () => (await app.inject({ url: "/v1/genres", remoteAddress: "198.51.100.7" })).statusCode;
  assert.deepEqual([await ask(), await ask()], [200, 429]);
  await writeFile(LIMITS_FILE, JSON.stringify({ clases: {} }));
  await assert.rejects(setUp(t, { variables: { LIMITS_FILE } }), { code: "policies_invalid" });
});

test("readiness needs the database and only mentions the keys", async (t) => {
  const { get, db, auth, catalog } = await setUp(t, { ownAuth: true });
  assert.deepEqual((await get("/readyz")).body, {
    status: "ok",
    checks: { database: true, auth_keys: true },
  });
  await auth.kill();
  assert.equal((await get("/readyz")).status, 200);
  await db.run({ name: "empty", text: "update catalog.genres set films = 0", values: [] });
  const { status, body } = await get("/readyz");
  assert.deepEqual([status, body.code, body.missing], [503, "not_ready", ["database"]]);
  assert.equal((await get("/livez")).status, 200);
  await catalog.app.close();
});

test("a database that does not answer is our trouble: 503 with a time to try again, for guests and members", async (t) => {
  const { get, post, bearer } = await startTestCatalog(t, (db) => plantFilms(db, SHELF), {
    variables: { CATALOG_DATABASE_URL: "postgres://kinopass:secret@127.0.0.1:9/nowhere" },
  });
  for (const url of [
    "/v1/films",
    "/v1/films?query=jaws",
    "/v1/films/1",
    "/v1/genres",
    "/v1/persons",
    "/v1/persons/1",
  ]) {
    const { status, body, headers } = await get(url);
    assert.deepEqual([status, body.code, headers["retry-after"]], [503, "temporarily_unavailable", "1"], url);
  }
  assert.equal((await post("/v1/films/1/playback", await bearer())).status, 503);
  assert.equal((await post("/v1/films/1/playback")).status, 401);
});

test("an address that leads nowhere is 404, a wrong method 405, and both say so as problems", async (t) => {
  const { get, post } = await setUp(t);
  const nowhere = await get("/v1/actors");
  assert.deepEqual([nowhere.status, nowhere.body.code], [404, "not_found"]);
  const wrong = await post("/v1/films");
  assert.deepEqual(
    [wrong.status, wrong.body.code, wrong.headers["allow"]],
    [405, "method_not_allowed", "GET, HEAD"],
  );
  assert.match(String(nowhere.headers["content-type"]), /^application\/problem\+json/);
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<
          Record<string, { readonly schema: object; readonly examples?: object; readonly example?: unknown }>
        >;
      }
    >
  >;
}

test("the contract has every operation, with its refusals by code and an example of each answer", async () => {
  const document = (await catalogContract()) as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(operations.map(({ operationId }) => operationId).sort(), [
    "getFilm",
    "getPerson",
    "listFilms",
    "listGenres",
    "listPersons",
    "live",
    "ready",
    "startPlayback",
  ]);
  for (const { operationId, summary, tags, responses } of operations) {
    assert.ok(summary && tags.length === 1, operationId);
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const [type, body] of Object.entries(content)) {
        assert.match(JSON.stringify(body), /"examples?":/, `${operationId} ${status} ${type}`);
      }
    }
  }
  const playback = JSON.stringify(document.paths["/v1/films/{id}/playback"]?.["post"]?.responses);
  for (const code of [
    "sign_in_required",
    "token_expired",
    "session_ended",
    "age_restricted",
    "subscription_required",
    "film_not_found",
    "auth_unavailable",
    "rate_limited",
  ]) {
    assert.ok(playback.includes(`"${code}"`), code);
  }
});
