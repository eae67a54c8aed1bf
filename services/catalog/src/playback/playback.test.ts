import assert from "node:assert/strict";
import { test } from "node:test";
import { Signer } from "../secrets.ts";
import { plantFilms, SHELF } from "../testing/plant-films.ts";
import { startTestCatalog, type TestCatalog } from "../testing/start-catalog.ts";
import { Grants } from "./grants.ts";

const setUp = (t: Parameters<typeof startTestCatalog>[0], options = {}) =>
  startTestCatalog(t, (db) => plantFilms(db, SHELF), options);

async function play({ get, post }: TestCatalog, title: string, headers: Record<string, string>) {
  const list = await get("/v1/films?page_size=100");
  const film = list.body.items.find((item: { title: string }) => item.title === title);
  const page = await get(`/v1/films/${film.id}`, headers);
  const answer = await post(`/v1/films/${film.id}/playback`, headers);
  return { ...answer, page: page.body.playback, id: film.id as number };
}

test("a member of age gets a grant for a free film, and it names film, account and session", async (t) => {
  const stand = await setUp(t);
  const claims = { sub: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f", sid: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70" };
  const { status, body, page, id, headers } = await play(
    stand,
    "Jaws",
    await stand.bearer({ ...claims, age_ceiling: 6 }),
  );
  assert.equal(status, 201);
  assert.deepEqual(page, { allowed: true, refusal: null });
  assert.deepEqual(body.film, { id, title: "Jaws", age_rating: 6, runtime_minutes: null });
  assert.equal(body.expires_in, 120);
  assert.equal(headers["cache-control"], "no-store");
  const grants = new Grants(new Signer(stand.config.keys, "playback"));
  const told = grants.verify(body.grant, stand.clock.now());
  assert.deepEqual(
    [told?.film_id, told?.account_id, told?.session_id, told?.age_rating],
    [id, claims.sub, claims.sid, 6],
  );
});

test("each age ceiling opens what is rated for it and nothing above", async (t) => {
  const stand = await setUp(t);
  const films = {
    0: "Toy Story",
    6: "Jaws",
    12: "Spider-Man",
    16: "The Godfather",
    18: "Showgirls",
  } as const;
  for (const ceiling of [0, 6, 12, 16, 18] as const) {
    const headers = await stand.bearer({ age_ceiling: ceiling, roles: ["viewer"] });
    for (const [rating, title] of Object.entries(films)) {
      const { status, body, page } = await play(stand, title, headers);
      const allowed = Number(rating) <= ceiling;
      assert.equal(status, allowed ? 201 : 403, `${title} for ${ceiling}`);
      if (!allowed) assert.deepEqual([body.code, page.refusal], ["age_restricted", "age_restricted"]);
    }
  }
});

test("a film nobody has rated is for adults", async (t) => {
  const stand = await setUp(t);
  assert.equal(
    (await play(stand, "Unseen", await stand.bearer({ age_ceiling: 16 }))).body.code,
    "age_restricted",
  );
  assert.equal((await play(stand, "Unseen", await stand.bearer({ age_ceiling: 18 }))).status, 201);
});

test("the newest films take the subscriber role", async (t) => {
  const stand = await setUp(t);
  const without = await play(stand, "Inception", await stand.bearer({ roles: ["viewer", "admin"] }));
  assert.deepEqual([without.status, without.body.code], [403, "subscription_required"]);
  assert.equal(without.page.refusal, "subscription_required");
  const withRole = await play(stand, "Inception", await stand.bearer({ roles: ["subscriber"] }));
  assert.deepEqual([withRole.status, withRole.page.allowed], [201, true]);
});

test("who is too young is told so before a subscription is asked for", async (t) => {
  const stand = await setUp(t);
  const { body } = await play(stand, "Inception", await stand.bearer({ roles: [], age_ceiling: 6 }));
  assert.equal(body.code, "age_restricted");
});

test("a guest is asked to sign in, and told by which scheme", async (t) => {
  const stand = await setUp(t);
  const { status, body, headers, page } = await play(stand, "Jaws", {});
  assert.deepEqual([status, body.code, page.refusal], [401, "sign_in_required", "sign_in_required"]);
  assert.match(String(headers["www-authenticate"]), /^Bearer realm="kinopass"/);
});

test("forged, foreign and expired tokens play nothing, and still read everything", async (t) => {
  const stand = await setUp(t);
  const old = await stand.bearer();
  const { authorization } = await stand.bearer();
  for (const [headers, code] of [
    [{ authorization: `${authorization.slice(0, -4)}AAAA` }, "token_invalid"],
    [await stand.bearer({ aud: "somebody-else" }), "token_invalid"],
    [await stand.bearer({ iss: "https://elsewhere.example" }), "token_invalid"],
    [await stand.bearer({ roles: undefined }), "token_invalid"],
    [await stand.bearer({ age_ceiling: 99 }), "token_invalid"],
    [{ authorization: "Bearer" }, "token_invalid"],
  ] as const) {
    const { status, body, page } = await play(stand, "Jaws", headers);
    assert.deepEqual([status, body.code, page.refusal], [401, code, "sign_in_required"]);
  }
  stand.clock.advance({ minutes: 12 });
  const { status, body } = await play(stand, "Jaws", old);
  assert.deepEqual([status, body.code], [401, "token_expired"]);
});

test("an ended session plays nothing any more", async (t) => {
  const stand = await setUp(t, { ownAuth: true });
  const claims = { sub: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f", sid: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70" };
  const headers = await stand.bearer(claims);
  assert.equal((await play(stand, "Jaws", headers)).status, 201);
  await stand.auth.endSession(claims.sub, claims.sid, stand.clock.now());
  let answer = await play(stand, "Jaws", headers);
  for (let attempt = 0; attempt < 200 && answer.status === 201; attempt += 1) {
    await new Promise((next) => setTimeout(next, 10));
    answer = await play(stand, "Jaws", headers);
  }
  assert.deepEqual([answer.status, answer.body.code], [401, "session_ended"]);
});

test("callers are known without Auth: plays ask it nothing, and go on when it is gone", async (t) => {
  const stand = await setUp(t, { ownAuth: true });
  const headers = await stand.bearer();
  for (let turn = 0; turn < 10; turn += 1) {
    assert.equal((await play(stand, "Jaws", await stand.bearer())).status, 201);
  }
  // Keys and the feed, in the background and at most once more: not one request a play.
  const asked = await stand.auth.requests();
  assert.deepEqual(Object.keys(asked).sort(), ["/.well-known/jwks.json", "/v1/revocations"]);
  assert.ok(Object.values(asked).every((count) => count <= 3));
  await stand.auth.kill();
  assert.equal((await play(stand, "Jaws", headers)).status, 201);
  assert.equal((await play(stand, "Jaws", await stand.bearer())).status, 201);
});

test("a film that is not there is 404 for a member; a body is refused", async (t) => {
  const stand = await setUp(t);
  const missing = await stand.post("/v1/films/2147483647/playback", await stand.bearer());
  assert.deepEqual([missing.status, missing.body.code], [404, "film_not_found"]);
  const withBody = await stand.post("/v1/films/1/playback", await stand.bearer(), { device: "tv" });
  assert.deepEqual([withBody.status, withBody.body.code], [400, "invalid_request"]);
  const empty = await stand.post("/v1/films/2147483647/playback", await stand.bearer(), {});
  assert.equal(empty.status, 404);
  const wrongMethod = await stand.get("/v1/films/1/playback", await stand.bearer());
  assert.deepEqual(
    [wrongMethod.status, wrongMethod.body.code, wrongMethod.headers["allow"]],
    [405, "method_not_allowed", "POST"],
  );
});
