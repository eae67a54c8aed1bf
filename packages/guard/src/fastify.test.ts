import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from "fastify";
import { guardPlugin } from "./fastify.ts";
import { age, all, member, open, type Policy, role, strict } from "./policy.ts";
import { type Stand, setUp } from "./testing/set-up.ts";

interface Site extends Stand {
  readonly app: FastifyInstance;
  get(
    url: string,
    token?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<LightMyRequestResponse>;
}

/** A small service as docs/guard.md shows it. */
async function serve(t: TestContext, policies: Readonly<Record<string, Policy>>): Promise<Site> {
  const stand = await setUp(t);
  const app = Fastify();
  t.after(() => app.close());
  await app.register(guardPlugin, { guard: stand.guard });
  for (const [path, policy] of Object.entries(policies)) {
    const show = { url: `/${path}`, config: { policy } };
    app.route({
      ...show,
      method: ["GET", "POST"],
      handler: async ({ caller }) => ({
        who: caller.kind,
        ...(caller.kind === "member" ? { id: caller.accountId } : {}),
      }),
    });
  }
  const get: Site["get"] = (url, token, headers = {}) =>
    app.inject({
      url,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
  return { ...stand, app, get };
}

test("an open route has a guest for every token that is not one, and never a 401", async (t) => {
  const { clock, get, token } = await serve(t, { films: open });
  const expired = await token();
  clock.advance({ minutes: 12 });
  for (const bad of [undefined, "", "garbage", "a.b.c", expired]) {
    const answer = await get("/films", bad);
    assert.deepEqual([answer.statusCode, answer.json().who], [200, "guest"]);
    assert.equal(answer.headers["x-auth-certainty"], undefined);
    assert.equal(answer.headers.vary, "authorization");
  }
  const answer = await get("/films", await token());
  assert.deepEqual([answer.json().who, answer.headers["cache-control"]], ["member", "private, no-store"]);
});

test("a refusal is a problem with a stable code, a challenge, and words for people", async (t) => {
  const { get, token } = await serve(t, {
    me: member,
    adult: all(member, age(18)),
    editors: role("editor"),
  });
  const nobody = await get("/me");
  assert.equal(nobody.statusCode, 401);
  assert.match(nobody.headers["content-type"] ?? "", /^application\/problem\+json/);
  assert.equal(nobody.headers["www-authenticate"], 'Bearer realm="kinopass"');
  assert.equal(nobody.json().code, "sign_in_required");
  const forged = await get("/me", "a.b.c", { "accept-language": "ru" });
  assert.deepEqual(
    [forged.json().code, forged.json().title],
    ["token_invalid", "Токен доступа недействителен"],
  );
  const child = await token({ claims: { age_ceiling: 12 } });
  assert.deepEqual(
    [(await get("/adult", child)).statusCode, (await get("/adult", child)).json().code],
    [403, "age_restricted"],
  );
  assert.equal((await get("/editors", child)).json().code, "role_required");
  assert.equal((await get("/me", child)).statusCode, 200);
});

test("while Auth is away the answer says how sure it is, and trouble of ours is a 503", async (t) => {
  const { app, auth, clock, get, recorder, token } = await serve(t, { films: open, me: member, pay: strict });
  const viewer = await token();
  assert.equal((await get("/pay", viewer)).statusCode, 200);
  auth.freeze();
  await recorder.state("away");
  const me = await get("/me", viewer);
  assert.deepEqual([me.statusCode, me.headers["x-auth-certainty"]], [200, "stale"]);
  assert.equal((await get("/films")).statusCode, 200);
  const pay = await get("/pay", viewer);
  assert.deepEqual(
    [pay.statusCode, pay.headers["retry-after"], pay.json().code],
    [503, "5", "strict_unavailable"],
  );
  clock.advance({ minutes: 12 });
  const late = await get("/me", viewer);
  assert.deepEqual([late.statusCode, late.headers["x-auth-certainty"]], [200, "grace"]);
  const writing = await app.inject({
    url: "/me",
    method: "POST",
    headers: { authorization: `Bearer ${viewer}` },
  });
  assert.deepEqual([writing.statusCode, writing.json().code], [503, "auth_unavailable"]);
  assert.equal((await get("/films", viewer)).json().who, "member");
  clock.advance({ minutes: 60 });
  assert.equal((await get("/films", viewer)).json().who, "guest");
});

test("a route without a policy keeps the service from starting, unless there is a default", async (t) => {
  const { guard } = await setUp(t);
  const careless = Fastify();
  await careless.register(guardPlugin, { guard });
  assert.throws(() => careless.get("/films", async () => "x"), /GET \/films names no policy/);

  const careful = Fastify();
  t.after(() => careful.close());
  await careful.register(guardPlugin, { guard, defaultPolicy: member });
  careful.get("/films", async () => "x");
  assert.equal((await careful.inject("/films")).statusCode, 401);
  assert.equal((await careful.inject("/nothing")).statusCode, 404);
});

test("a service may answer refusals its own way and hear of every caller", async (t) => {
  const { guard, token } = await setUp(t);
  const app = Fastify();
  t.after(() => app.close());
  const callers: string[] = [];
  await app.register(guardPlugin, {
    guard,
    refuse: ({ code, status, headers }) => {
      throw Object.assign(new Error(code), { statusCode: status, headers });
    },
    onCaller: ({ kind }) => callers.push(kind),
  });
  app.get("/me", { config: { policy: member } }, async () => "x");
  const answer = await app.inject("/me");
  assert.deepEqual([answer.statusCode, answer.json().message], [401, "sign_in_required"]);
  await app.inject({ url: "/me", headers: { authorization: `Bearer ${await token()}` } });
  assert.deepEqual(callers, ["guest", "member"]);
});

test("a request that an earlier hook sent away is answered as that hook meant it", async (t) => {
  const { guard } = await setUp(t);
  const app = Fastify();
  t.after(() => app.close());
  app.addHook("onRequest", async () => {
    throw Object.assign(new Error("busy_try_again"), { statusCode: 503 });
  });
  await app.register(guardPlugin, { guard });
  app.get("/films", { config: { policy: open } }, async () => "x");
  const answer = await app.inject("/films");
  assert.deepEqual([answer.statusCode, answer.json().message], [503, "busy_try_again"]);
});

test("ten thousand interleaved calls of two viewers never mix", { timeout: 60_000 }, async (t) => {
  const { get, token } = await serve(t, { me: member });
  const exp = { claims: {} };
  const viewers = await Promise.all(
    [randomUUID(), randomUUID()].map(async (sub) => ({
      sub,
      token: await token({ claims: { ...exp.claims, sub } }),
    })),
  );
  for (let round = 0; round < 100; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const viewer = viewers[(index + round) % 2];
        const answer = await get("/me", viewer?.token);
        return answer.json().id === viewer?.sub;
      }),
    );
    assert.ok(answers.every(Boolean));
  }
});
