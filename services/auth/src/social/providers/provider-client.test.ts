import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { SMTPServer } from "smtp-server";
import { failureOf, MovableClock } from "./emulated.ts";
import { isObject } from "./json.ts";
import { basic, ProviderClient, type Surroundings } from "./provider-client.ts";
import { scripted, withCode } from "./scripted.ts";

async function against(t: TestContext, listener: RequestListener, around: Partial<Surroundings> = {}) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client = new ProviderClient("yandex", { fetch, clock: new MovableClock(), ...around });
  return { client, url };
}

test("one deadline holds for all the calls of a sign-in together: a late call is not even sent", async (t) => {
  let asked = 0;
  const answering: RequestListener = (_request, response) => {
    asked += 1;
    response.end("{}");
  };
  const { client, url } = await against(t, answering, { totalMs: 1_500 });
  const exchange = client.exchange();
  await exchange.ask({ method: "GET", url });
  if (!exchange.signal.aborted) await once(exchange.signal, "abort");
  assert.equal((await failureOf(exchange.ask({ method: "GET", url }))).because, "deadline");
  assert.equal(asked, 1);
});

test("T45: a small gzip bomb is cut off at the limit of what it unpacks to", async (t) => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 32));
  const { client, url } = await against(t, (_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" }).end(bomb);
  });
  assert.equal((await failureOf(client.exchange().ask({ method: "GET", url }))).because, "too_large");
});

test("T45: a certificate that nobody vouches for ends the call before anything is sent", async (t) => {
  let heard = "";
  // Comes with a certificate of its own, signed by itself.
  const server = new SMTPServer({
    secure: true,
    logger: false,
    onConnect: (_session, done) => {
      heard = "a connection";
      done();
    },
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  t.after(() => server.close(() => {}));
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  const client = new ProviderClient("yandex", { fetch, clock: new MovableClock() });
  const ask = { method: "POST", url: `https://localhost:${port}/token`, form: { code: "secret" } } as const;
  const failure = await failureOf(client.exchange().ask(ask));
  assert.equal(failure.kind, "provider_unreachable");
  assert.match(failure.because, /^network_.*(cert|self_signed)/);
  assert.equal(heard, "");
});

test("an answer of exactly the limit is taken and one byte more is not", async (t) => {
  const limit = 1_048_576;
  const { client, url } = await against(t, (request, response) => {
    const size = request.url === "/over" ? limit + 1 : limit;
    response.end(`{"a":"${"x".repeat(size - 8)}"}`);
  });
  assert.ok((await client.exchange().ask({ method: "GET", url })).body["a"]);
  assert.equal(
    (await failureOf(client.exchange().ask({ method: "GET", url: `${url}over` }))).because,
    "too_large",
  );
});

test("T45: a redirect is an answer nobody can read, and where it points is never asked", async (t) => {
  const asked: (string | undefined)[] = [];
  const { client, url } = await against(t, (request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  assert.equal(
    (await failureOf(client.exchange().ask({ method: "POST", url, form: { a: "b" } }))).because,
    "redirected",
  );
  assert.deepEqual(asked, ["/"]);
});

test("a failure never shows the address it was about: tokens travel there at some providers", async () => {
  const client = new ProviderClient("mailru", {
    fetch: () =>
      Promise.reject(new TypeError("fetch failed: https://oauth.mail.ru/userinfo?access_token=SECRET")),
    clock: new MovableClock(),
  });
  const url = "https://oauth.mail.ru/userinfo?access_token=SECRET";
  const failure = await failureOf(client.exchange().ask({ method: "GET", url }));
  assert.equal(failure.because, "network");
  assert.doesNotMatch(inspect(failure), /SECRET/);
});

test("Basic credentials are form-encoded first, as RFC 6749 has it", () => {
  const { authorization = "" } = basic("id:with colon", "s+e%c");
  assert.equal(Buffer.from(authorization.slice(6), "base64").toString(), "id%3Awith+colon:s%2Be%25c");
});

test("trap 48: expires_in as number, string, 0 or absent and any token_type are taken", async () => {
  const profile = { id: "1", client_id: "our-app" };
  for (const [expires_in, seconds] of [
    [300, 300],
    ["300", 300],
    [0, undefined],
    [undefined, undefined],
    ["soon", undefined],
    [-5, undefined],
    [1e300, 315_360_000],
  ] as const) {
    for (const token_type of ["bearer", "Bearer", "session", "access", undefined]) {
      const body = { access_token: "a", expires_in, token_type };
      const { provider, clock } = scripted("yandex", { "/token": { body }, "/info": { body: profile } });
      const { tokensForUnlink } = await provider.finish(withCode());
      const expected = seconds === undefined ? undefined : clock.now().getTime() + seconds * 1000;
      assert.equal(tokensForUnlink?.expiresAt?.getTime(), expected, `${expires_in}`);
    }
  }
});

test("names are made fit to store and ids are taken exactly or not at all", async () => {
  const read = async (profile: object) => {
    const body = { client_id: "our-app", id: "1", ...profile };
    return scripted("yandex", {
      "/token": { body: { access_token: "a" } },
      "/info": { body },
    }).provider.finish(withCode());
  };
  assert.equal((await read({ real_name: "A\u0000B\u202e\n C\ud800" })).name, "A B C\ufffd");
  assert.equal((await read({ real_name: "x".repeat(5000) })).name?.length, 200);
  assert.equal((await read({ real_name: " \n " })).name, undefined);
  for (const default_email of ["no-at", "a@b@c", "a b@c.d", `${"x".repeat(300)}@c.d`, 7, ["a@b.c"]]) {
    assert.equal((await read({ default_email })).email, undefined);
  }
  for (const id of ["", " ", "a b", "x".repeat(256), null, -1, 1.5, 2 ** 53, true, {}, ["1"]]) {
    assert.equal((await failureOf(read({ id }))).because, "no_subject", inspect(id));
  }
  assert.equal(isObject(JSON.parse('{"__proto__":{"id":"1"}}')), true);
  assert.equal(
    (await failureOf(read(JSON.parse('{"id":null,"__proto__":{"id":"7"}}')))).because,
    "no_subject",
  );
});
