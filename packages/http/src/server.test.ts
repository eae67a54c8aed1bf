import assert from "node:assert/strict";
import { METHODS, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, test } from "node:test";
import { Type } from "typebox";
import { contractOf, describeContract } from "./contract.ts";
import { healthRoutes } from "./health.ts";
import { createLogger } from "./logger.ts";
import { refusals } from "./refusals.ts";
import { createServer } from "./server.ts";

const refuse = refusals({
  tea_is_cold: { status: 409, title: { en: "The tea is cold", ru: "Чай остыл" } },
  secretly: { status: 418, title: { en: "Not in the contract", ru: "Не в контракте" } },
});

async function startTea() {
  const app = await createServer({
    logger: createLogger({ level: "silent", service: "tea" }),
    now: () => new Date(0),
    trustedProxies: ["10.0.0.0/8"],
    demandDocumentedCodes: true,
  });
  await describeContract(app, {
    title: "Tea",
    version: "1",
    description: "",
    tags: [],
    serverUrl: "http://tea.example",
    securitySchemes: {},
  });
  healthRoutes(app, [{ name: "kettle", check: async () => true }]);
  app.post(
    "/tea",
    {
      config: { refuses: [refuse.tea_is_cold] },
      schema: {
        operationId: "makeTea",
        body: Type.Object({
          cups: Type.Integer({ minimum: 1 }),
          name: Type.Optional(Type.String({ maxLength: 10 })),
        }),
        querystring: Type.Object({ page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) }),
        response: { 200: Type.Object({ cups: Type.Integer(), size: Type.Optional(Type.Integer()) }) },
      },
    },
    async (request) => {
      if (request.body.cups === 13) throw refuse.tea_is_cold();
      if (request.body.cups === 14) throw refuse.secretly();
      if (request.body.cups === 15) throw new Error("the kettle of postgres://user:secret@host broke");
      if (request.body.cups === 16) throw Object.assign(new Error("gone"), { name: "DatabaseAway" });
      return {
        cups: request.body.cups,
        ...(request.query.page_size === undefined ? {} : { size: request.query.page_size }),
        secret: "not in the schema",
      };
    },
  );
  app.get(
    "/tea/:id",
    { schema: { operationId: "getTea", params: Type.Object({ id: Type.String({ maxLength: 8 }) }) } },
    async (request) => ({ ip: request.ip }),
  );
  await app.ready();
  return app;
}

const app = await startTea();
after(() => app.close());

const post = (
  payload: string,
  headers: Record<string, string> = { "content-type": "application/json" },
  url = "/tea",
) => app.inject({ method: "POST", url, payload, headers });

test("a body that calls itself packed, or written in other letters, is not read as if it were not", async () => {
  const send = (headers: Record<string, string>) =>
    app.inject({ method: "POST", url: "/tea", headers, payload: '{"cups":1}' });
  for (const type of [
    "application/json",
    "application/json; charset=UTF-8",
    'application/json;charset="utf-8"',
  ])
    assert.equal(
      (await send({ "content-type": type, "content-encoding": "identity" })).statusCode,
      200,
      type,
    );
  const json = "application/json";
  for (const headers of [
    { "content-type": json, "content-encoding": "gzip" },
    { "content-type": json, "content-encoding": "identity, br" },
    { "content-type": `${json}; charset=utf-16` },
    { "content-type": `${json}; charset="windows-1251"` },
    { "content-type": `${json};charset=` },
  ])
    assert.equal((await send(headers)).statusCode, 415, JSON.stringify(headers));
});

test("an answer has only what its schema names, and every protective header", async () => {
  const answer = await post('{"cups":2}');
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), { cups: 2 });
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.match(String(answer.headers["x-request-id"]), /^[\w.-]{1,64}$/);
});

test("bad input is 400 with a code, before the handler runs", async () => {
  const bad = [
    '{"cups":"2"}',
    '{"cups":0}',
    '{"cups":1.5}',
    '{"cups":[1]}',
    '{"cups":1,"extra":true}',
    '{"cups":1,"cups":2}',
    '{"cups":1e309}',
    '{"cups":1,"name":"\\u0000"}',
    '{"cups":1,"name":"\\ud800"}',
    '{"cups":1,"__proto__":{"x":1}}',
    "{",
    "[]",
    '"text"',
    "null",
    "",
  ];
  for (const payload of bad) {
    const answer = await post(payload);
    assert.equal(answer.statusCode, 400, payload);
    assert.equal(answer.json().code, "invalid_request", payload);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    assert.equal(answer.json().request_id, answer.headers["x-request-id"]);
  }
});

test("no odd content type slips a body past the schema", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json\t; x",
    "application/jsonx",
    " ",
    "application/json2",
  ]) {
    const answer = await post('{"cups":"evil"}', { "content-type": type });
    assert.ok([400, 415].includes(answer.statusCode), `${type}: ${answer.statusCode}`);
  }
  const missing = await app.inject({ method: "POST", url: "/tea" });
  assert.ok([400, 415].includes(missing.statusCode));
});

test("queries: numbers may be written as texts, anything unknown or given twice is refused", async () => {
  assert.deepEqual((await post('{"cups":1}', undefined, "/tea?page_size=20")).json(), { cups: 1, size: 20 });
  for (const query of [
    "page_size=0",
    "page_size=101",
    "page_size=1.5",
    "page_size=1e1000",
    "page_size=9007199254740993",
    "page_size=1&page_size=2",
    "page_size=",
    "x=1",
    "page_size[a]=1",
    "page_size=%00",
  ]) {
    assert.equal((await post('{"cups":1}', undefined, `/tea?${query}`)).statusCode, 400, query);
  }
});

test("a body over the limit is 413, a path parameter over the limit never reaches the handler", async () => {
  assert.equal((await post(`{"cups":1,"name":"${"x".repeat(70_000)}"}`)).json().code, "body_too_large");
  assert.equal((await app.inject(`/tea/${"x".repeat(600)}`)).statusCode, 414);
  assert.equal((await app.inject("/tea/123456789")).statusCode, 400);
  assert.equal((await app.inject("/tea/%ff")).statusCode, 400);
  assert.equal((await app.inject("/tea/%00")).statusCode, 400);
});

test("404 and 405 are told apart, and 405 says what would do", async () => {
  assert.equal((await app.inject("/coffee")).json().code, "not_found");
  const wrong = await app.inject("/tea");
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.headers.allow, "POST");
  for (const method of ["TRACE", "PROPFIND"] as const) {
    assert.ok(
      [404, 405, 501].includes((await app.inject({ method: method as "GET", url: "/tea" })).statusCode),
    );
  }
});

test("whatever method HTTP has or will have is told so, with a body of any type or none, and is no error of ours", async (t) => {
  const app = await startTea();
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  for (const method of METHODS.filter((name) => name !== "CONNECT")) {
    for (const headers of [{}, { "content-type": "text/odd", "content-length": "2" }]) {
      const status = await new Promise((answered, failed) => {
        const sent = request({ port, method, path: "/tea/1/nothing", headers }, (answer) =>
          answered(answer.resume().statusCode),
        );
        sent.on("error", failed).end("content-length" in headers ? "{}" : undefined);
      });
      assert.equal(status, 404, method);
    }
  }
});

test("an address that cannot be decoded is refused with the same headers as anything else", async () => {
  const { statusCode, headers } = await app.inject("/tea/%zz");
  assert.equal(statusCode, 400);
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
});

test("texts follow Accept-Language, codes do not", async () => {
  const russian = await post('{"cups":13}', {
    "content-type": "application/json",
    "accept-language": "ru-RU,ru;q=0.9,en;q=0.8",
  });
  assert.equal(russian.statusCode, 409);
  assert.deepEqual([russian.json().code, russian.json().title], ["tea_is_cold", "Чай остыл"]);
  const english = await post('{"cups":13}', {
    "content-type": "application/json",
    "accept-language": "ru;q=0.2, en",
  });
  assert.equal(english.json().title, "The tea is cold");
});

test("what is wrong with the input is told in the reader's language too", async () => {
  const told = async (payload: string, language: string, url = "/tea") => {
    const headers = { "content-type": "application/json", "accept-language": language };
    return (await post(payload, headers, url)).json().errors[0].message as string;
  };
  for (const [payload, url] of [
    ['{"cups":0}'],
    ['{"cups":"1"}'],
    ["{}"],
    ['{"cups":1,"extra":true}'],
    ['{"cups":1,"name":"longer than ten"}'],
    ['{"cups":1,"cups":2}'],
    ['{"cups":1e400}'],
    ["{"],
    ['{"cups":1}', "/tea?page_size=101"],
    ['{"cups":1}', "/tea?page_size=%00"],
  ] as const) {
    assert.match(await told(payload, "ru", url), /[а-яё]{3}/, payload);
    assert.doesNotMatch(await told(payload, "en", url), /[а-яё]/, payload);
  }
});

test("a defect tells nothing of its inside; infrastructure trouble is 503 and worth a retry", async () => {
  const defect = await post('{"cups":15}');
  assert.equal(defect.statusCode, 500);
  assert.doesNotMatch(defect.body, /kettle|secret|stack/);
  const away = await post('{"cups":16}');
  assert.equal(away.statusCode, 503);
  assert.equal(away.json().code, "temporarily_unavailable");
  assert.ok(away.headers["retry-after"]);
});

test("a code that the contract does not list is a defect", async () => {
  assert.equal((await post('{"cups":14}')).json().undocumented, "secretly");
});

test("only a trusted proxy may say who the client is", async () => {
  const from = (remoteAddress: string) =>
    app
      .inject({ url: "/tea/1", remoteAddress, headers: { "x-forwarded-for": "6.6.6.6, 203.0.113.9" } })
      .then((answer) => answer.json().ip);
  assert.equal(await from("198.51.100.1"), "198.51.100.1");
  assert.equal(await from("10.1.2.3"), "203.0.113.9");
});

test("ambiguous requests are refused: two Host headers, an absolute target", async () => {
  const raw = (head: string) => exchange(`${head}\r\nConnection: close\r\n\r\n`);
  assert.match(await raw("GET /livez HTTP/1.1\r\nHost: a"), / 200 /);
  assert.match(await raw("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b"), / 400 /);
  assert.match(await raw("GET http://evil.example/livez HTTP/1.1\r\nHost: a"), / 400 /);
  assert.match(await raw("GET /livez HTTP/1.1"), / 400 /);
});

test("a request whose end two servers could see in different places is refused, and nothing behind it is read", async () => {
  const body = '{"cups":1}';
  const json = "Host: a\r\nContent-Type: application/json";
  const chunked = `a\r\n${body}\r\n0\r\n\r\n`;
  const head = (...lines: string[]) => `POST /tea HTTP/1.1\r\n${[json, ...lines].join("\r\n")}\r\n\r\n`;
  const tricks = {
    "a length and chunks": head("Content-Length: 10", "Transfer-Encoding: chunked") + chunked,
    "chunks and a length": head("Transfer-Encoding: chunked", "Content-Length: 10") + chunked,
    "two lengths": head("Content-Length: 10", "Content-Length: 0") + body,
    "two equal lengths in one": head("Content-Length: 10, 10") + body,
    "a length with a sign": head("Content-Length: +10") + body,
    "a length that is none": head("Content-Length: 0x0a") + body,
    "an encoding that is none": head("Transfer-Encoding: xchunked") + chunked,
    "chunked, and more": head("Transfer-Encoding: chunked, identity") + chunked,
    "a space before the colon": head("Transfer-Encoding : chunked") + chunked,
    "a folded line": head("Transfer-Encoding:\r\n chunked") + chunked,
    "bare line feeds": head("X: 1\nContent-Length: 10") + body,
    "a NUL": head("X: a\0b", "Content-Length: 10") + body,
    "a chunk's size that is none": `${head("Transfer-Encoding: chunked")}0xa\r\n${body}\r\n0\r\n\r\n`,
  };
  for (const [what, trick] of Object.entries(tricks)) {
    const text = await exchange(`${trick}GET /tea/marker HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 400 /, what);
    assert.doesNotMatch(text, /"ip"/, `${what}: what stood behind it was answered`);
  }
});

test("no page of another origin is let in: nothing answers a preflight", async () => {
  for (const origin of ["https://evil.example", "null", "http://tea.example.evil", "http://tea.example"]) {
    const asked = { origin, "access-control-request-method": "POST" };
    const preflight = await app.inject({ method: "OPTIONS", url: "/tea", headers: asked });
    assert.equal(preflight.statusCode, 405, origin);
    const answer = await post('{"cups":1}', { origin, "content-type": "application/json" });
    for (const { headers } of [preflight, answer])
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith("access-control-")),
        [],
      );
  }
});

test("the contract lists each refusal with an example, and what any route may answer", async () => {
  const document = (await contractOf(app)) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  const statuses = Object.keys(document.paths["/tea"]?.["post"]?.responses ?? {}).sort();
  assert.deepEqual(statuses, ["200", "400", "409", "413", "415", "429", "500", "503"]);
  const reading = Object.keys(document.paths["/tea/{id}"]?.["get"]?.responses ?? {}).sort();
  assert.deepEqual(reading, ["200", "400", "414", "429", "500", "503"]);
});

let port: Promise<number> | undefined;

function listening(): Promise<number> {
  port ??= app.listen({ host: "127.0.0.1", port: 0 }).then((address) => Number(new URL(address).port));
  return port;
}

/** Sends bytes as they are; what came back until the server ended it. */
async function exchange(bytes: string): Promise<string> {
  const to = await listening();
  return await new Promise((done) => {
    const socket = connect(to, "127.0.0.1", () => socket.write(Buffer.from(bytes, "latin1")));
    let text = "";
    socket.setEncoding("latin1").on("data", (part) => (text += part));
    socket.on("error", () => {}).on("close", () => done(text));
  });
}
