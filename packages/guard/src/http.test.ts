import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import express from "express";
import { callerOf, guarded } from "./http.ts";
import { member, open, type Policy } from "./policy.ts";
import { setUp } from "./testing/set-up.ts";

async function serve(t: TestContext, policy: Policy) {
  const stand = await setUp(t);
  const guardMember = guarded(stand.guard, policy);
  const server = createServer((request, response) => {
    guardMember(request, response, (error) => {
      if (error !== undefined) return void response.writeHead(500).end();
      response.setHeader("content-type", "text/plain");
      response.end(callerOf(request).kind);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const get = (token?: string) =>
    fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  return { ...stand, get, url };
}

test("a plain node:http server is guarded by one call", async (t) => {
  const { auth, get, recorder, token } = await serve(t, member);
  const viewer = await token();
  for (const turn of ["first", "seen"]) {
    const answer = await get(viewer);
    assert.deepEqual([answer.status, await answer.text()], [200, "member"], turn);
    assert.deepEqual(
      [answer.headers.get("vary"), answer.headers.get("cache-control")],
      ["authorization", "private, no-store"],
    );
  }
  const refused = await get();
  assert.deepEqual(
    [refused.status, refused.headers.get("www-authenticate")],
    [401, 'Bearer realm="kinopass"'],
  );
  assert.equal(((await refused.json()) as { code: string }).code, "sign_in_required");
  await auth.kill();
  await recorder.state("away");
  assert.equal((await get(viewer)).headers.get("x-auth-certainty"), "stale");
});

test("an open one serves guests", async (t) => {
  const { get } = await serve(t, open);
  assert.equal(await (await get("nonsense")).text(), "guest");
});

test("two Authorization headers sign nobody in, whichever comes first", async (t) => {
  const { token, url } = await serve(t, member);
  const [good, bad] = [`Bearer ${await token()}`, "Bearer nonsense"];
  for (const [first, second] of [
    [good, bad],
    [bad, good],
    [good, good],
  ] as const) {
    const headers = ["host", "kinopass.test", "authorization", first, "Authorization", second];
    const outgoing = request(url, { headers });
    outgoing.end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    answer.resume();
    assert.equal(answer.statusCode, 401);
  }
});

test("a request that has not passed the guard has no caller", () => {
  assert.throws(() => callerOf({} as never), /has not passed the guard/);
});

test("Express takes it as a middleware", async (t) => {
  const { guard, token } = await setUp(t);
  const app = express();
  app.get("/films", guarded(guard, open), (request, response) => response.json(callerOf(request).kind));
  app.use("/me", guarded(guard, member));
  app.get("/me/list", (request, response) => response.json(callerOf(request).kind));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}${path}`, { headers });
    return [answer.status, await answer.json()];
  };
  const viewer = { authorization: `Bearer ${await token()}` };
  assert.deepEqual(await ask("/films"), [200, "guest"]);
  assert.deepEqual(await ask("/films", viewer), [200, "member"]);
  assert.deepEqual(await ask("/me/list", viewer), [200, "member"]);
  const [status, problem] = await ask("/me/list");
  assert.deepEqual([status, (problem as { code: string }).code], [401, "sign_in_required"]);
});
