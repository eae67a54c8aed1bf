import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fastify, { type FastifyServerOptions } from "fastify";
import { NumberedResponse, requestContextOf, routeOf, type TracingOptions, tracing } from "./fastify.ts";
import { activeTraceId, currentRequest, trace } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

const SERVER = 2;
/** As a service makes its server. */
const NUMBERED: FastifyServerOptions = {
  serverFactory: (handle) => createServer({ ServerResponse: NumberedResponse }, handle),
};
const SERVERS = { "Fastify's own server": {}, "a server of numbered responses": NUMBERED };
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function setUp(options: Partial<TracingOptions> = {}, server: FastifyServerOptions = {}) {
  let made = 0;
  const app = fastify({ ...server, forceCloseConnections: true });
  app.register(tracing, { makeRequestId: () => `made-${++made}`, ...options });
  app.register(async (child) => {
    const load = trace("films.load", async (id: string) => ({
      id,
      request: currentRequest(),
      trace: activeTraceId(),
    }));
    child.get<{ Params: { id: string } }>("/films/:id", (request) => load(request.params.id));
    child.post("/films", async () => ({ request: currentRequest() }));
    child.get("/livez", { config: { trace: false } }, () => load("health"));
    child.get("/refused", async () => {
      throw Object.assign(new Error("no"), { statusCode: 403, code: "forbidden" });
    });
    child.get("/broken", async () => {
      throw new RangeError("broken");
    });
    child.get("/unready", async (_request, reply) => reply.code(503).send({}));
    child.get("/slow", async (_request, reply) => {
      await delay(50);
      return reply.send({});
    });
  });
  return app;
}

test("a request's route is what Fastify says, with tracing off and on, and also where there is none", async (t) => {
  const seen: unknown[] = [];
  const app = setUp();
  app.addHook("onResponse", async (request) =>
    seen.push([routeOf(request).url, routeOf(request).config.trace]),
  );
  const ask = async () => {
    for (const url of ["/films/7", "/livez", "/nowhere"]) await app.inject(url);
    return seen.splice(0);
  };
  const expected = [
    ["/films/:id", undefined],
    ["/livez", false],
    [undefined, undefined],
  ];
  assert.deepEqual(await ask(), expected);
  await traceToReceiver(t);
  assert.deepEqual(await ask(), expected);
});

test("a request's span has the route's name, the conventions' attributes and the request id", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp();
  const answer = await app.inject({ url: "/films/7?token=secret", headers: { "x-request-id": "r-1" } });
  const spans = await collect();
  const span = spanNamed(spans, "GET /films/:id");
  assert.equal(span.kind, SERVER);
  assert.deepEqual(span.events, []);
  assert.deepEqual(span.attributes, {
    "http.request.method": "GET",
    "http.route": "/films/:id",
    "http.response.status_code": 200,
    "network.protocol.version": "1.1",
    "request.id": "r-1",
    "server.address": "localhost",
    "url.scheme": "http",
  });
  assert.equal(spanNamed(spans, "films.load").parentSpanId, span.spanId);
  assert.deepEqual(answer.json(), {
    id: "7",
    request: { requestId: "r-1", traceId: span.traceId },
    trace: span.traceId,
  });
});

for (const [name, server] of Object.entries(SERVERS)) {
  test(`every response of ${name} carries the request id: made, kept, refused, unrouted, malformed, unreadable`, async (t) => {
    const app = setUp({}, server);
    const base = await app.listen({ host: "127.0.0.1", port: 0 });
    t.after(() => app.close());
    const id = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(base + path, init);
      await answer.text();
      return answer.headers.get("x-request-id");
    };
    assert.equal(await id("/films/7"), "made-1");
    assert.equal(await id("/films/7", { headers: { "x-request-id": "kept.1_A-b" } }), "kept.1_A-b");
    assert.equal(await id("/films/7", { headers: { "x-request-id": "x".repeat(65) } }), "made-2");
    assert.equal(await id("/films/7", { headers: { "x-request-id": 'a"b' } }), "made-3");
    assert.equal(await id("/refused"), "made-4");
    assert.equal(await id("/broken"), "made-5");
    assert.equal(await id("/nowhere"), "made-6");
    assert.equal(await id("/%"), "made-7");
    const unreadable = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    assert.equal(await id("/films", unreadable), "made-8");
    assert.equal((await app.inject("/nowhere")).headers["x-request-id"], "made-9");
  });

  test(`answers written past Fastify by ${name} carry the request id too, and an id sent twice is none`, async (t) => {
    const app = setUp({}, server);
    app.get("/hijacked", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, "Fine", { "x-own": "1" });
      reply.raw.end("written by hand");
    });
    app.get("/implicit", (_request, reply) => {
      reply.hijack();
      reply.raw.end("no head was written");
    });
    app.get("/list", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, ["x-own", "1"]).end();
    });
    app.get("/stream", (_request, reply) => reply.header("x-own", "1").send(Readable.from(["a", "b"])));
    const base = await app.listen({ host: "127.0.0.1", port: 0 });
    t.after(() => app.close());
    for (const path of ["/hijacked", "/list", "/stream", "/implicit"]) {
      const answer = await fetch(base + path, { headers: { "x-request-id": "r-9" } });
      await answer.text();
      const own = path === "/implicit" ? null : "1";
      assert.deepEqual([answer.headers.get("x-request-id"), answer.headers.get("x-own")], ["r-9", own], path);
    }
    const twice = await new Promise<string>((done) => {
      const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
      socket.setEncoding("latin1").on("data", (text: string) => {
        done(/x-request-id: (.*)\r/i.exec(text)?.[1] ?? "none");
        socket.destroy();
      });
      socket.write("GET /films/7 HTTP/1.1\r\nhost: a\r\nx-request-id: r-1\r\nx-request-id: r-2\r\n\r\n");
    });
    assert.match(twice, /^made-/);
  });
}

test("the request is known in the handler after a body was read, and to an error handler when it could not be", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp();
  app.setErrorHandler((_error, request, reply) => reply.code(400).send(requestContextOf(request)));
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const post = async (body: string) => {
    const headers = { "content-type": "application/json", "x-request-id": "r-2" };
    return (await fetch(`${base}/films`, { method: "POST", headers, body })).json();
  };
  const read = (await post("{}")) as { request: unknown };
  const unread = await post("{");
  const [first, second] = (await collect()).filter((span) => span.name === "POST /films");
  assert.deepEqual(read.request, { requestId: "r-2", traceId: first?.traceId });
  assert.deepEqual(unread, { requestId: "r-2", traceId: second?.traceId });
});

test("the request is known in the handler of a body that came piece by piece, on a connection that had one before", async (t) => {
  await traceToReceiver(t);
  const app = setUp();
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => app.close());
  t.after(() => agent.destroy());
  for (const id of ["r-3", "r-4"]) {
    const headers = { "content-type": "application/json", "content-length": 2, "x-request-id": id };
    const asked = request(`${base}/films`, { method: "POST", headers, agent });
    asked.write("{");
    await delay(20);
    asked.end("}");
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const read = (await json(answer)) as { request?: { requestId: string } };
    assert.equal(read.request?.requestId, id);
  }
});

test("defects and 5xx are span errors, refusals are not", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp();
  for (const url of ["/refused", "/broken", "/unready", "/nowhere"]) await app.inject(url);
  const spans = await collect();
  const refused = spanNamed(spans, "GET /refused");
  assert.equal(refused.status.code, 0);
  assert.equal(refused.attributes["error.refusal"], "forbidden");
  const broken = spanNamed(spans, "GET /broken");
  assert.equal(broken.status.code, 2);
  assert.equal(broken.attributes["error.type"], "RangeError");
  assert.equal(broken.events.length, 1);
  const unready = spanNamed(spans, "GET /unready");
  assert.deepEqual([unready.status.code, unready.attributes["error.type"]], [2, "503"]);
  const nowhere = spanNamed(spans, "GET");
  assert.deepEqual([nowhere.status.code, nowhere.attributes["http.route"]], [0, undefined]);
  assert.equal(nowhere.attributes["http.response.status_code"], 404);
});

test("a stranger's traceparent becomes a link on a new trace", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp({ trustedNetworks: ["10.0.0.0/8"] });
  const headers = { traceparent: TRACEPARENT, tracestate: "evil=1" };
  const answer = await app.inject({ url: "/films/7", headers, remoteAddress: "203.0.113.9" });
  const span = spanNamed(await collect(), "GET /films/:id");
  assert.equal(span.parentSpanId, "");
  assert.notEqual(span.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.deepEqual(span.links, [{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }]);
  assert.equal(answer.json().trace, span.traceId);
});

test("a trusted network's traceparent is continued, IPv6 and mapped addresses included", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp({ trustedNetworks: ["10.0.0.0/8", "fd00::/8", "192.0.2.1"] });
  const from = async (remoteAddress: string) => {
    await app.inject({ url: "/films/7", headers: { traceparent: TRACEPARENT }, remoteAddress });
    return spanNamed(await collect(), "GET /films/:id").parentSpanId;
  };
  for (const address of ["10.1.2.3", "fd00::5", "::ffff:10.1.2.3", "192.0.2.1"]) {
    assert.equal(await from(address), "b7ad6b7169203331", address);
  }
  for (const address of ["11.1.2.3", "fe80::5", "::ffff:11.1.2.3", "192.0.2.2"]) {
    assert.equal(await from(address), "", address);
  }
});

test("behind a proxy it is the caller's address that is judged, not the proxy's", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp({ trustedNetworks: ["10.0.0.0/8"] }, { trustProxy: ["10.0.0.1"] });
  const headers = { traceparent: TRACEPARENT, "x-forwarded-for": "203.0.113.9" };
  await app.inject({ url: "/films/7", headers, remoteAddress: "10.0.0.1" });
  assert.equal(spanNamed(await collect(), "GET /films/:id").parentSpanId, "");
});

test("a garbled traceparent is ignored, trusted or not", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp({ trustedNetworks: ["127.0.0.0/8"] });
  for (const traceparent of [
    "",
    "00-zz-1-01",
    `ff${TRACEPARENT.slice(2)}`,
    `00-${"0".repeat(32)}-${"0".repeat(16)}-01`,
  ]) {
    for (const remoteAddress of ["127.0.0.1", "203.0.113.9"]) {
      await app.inject({ url: "/films/7", headers: { traceparent }, remoteAddress });
      const span = spanNamed(await collect(), "GET /films/:id");
      assert.deepEqual([span.parentSpanId, span.links], ["", []], traceparent);
    }
  }
});

test("a network that is none stops the start and names itself", async () => {
  for (const network of ["10.0.0.0/33", "10.0.0/8", "example.org", "10.0.0.0/", "::/129"]) {
    await assert.rejects(
      async () => setUp({ trustedNetworks: [network] }).ready(),
      new RegExp(network),
      network,
    );
  }
});

test("a route that opted out makes no span, nor does anything below it, and keeps its request id", async (t) => {
  const { collect } = await traceToReceiver(t);
  const app = setUp();
  const answer = await app.inject("/livez");
  assert.equal(answer.headers["x-request-id"], "made-1");
  assert.deepEqual(answer.json().request, { requestId: "made-1" });
  assert.deepEqual(await collect(), []);
});

test("a viewer who hangs up leaves a span that says so and has no status", async (t) => {
  const { collect, receiver } = await traceToReceiver(t, { OTEL_BSP_SCHEDULE_DELAY: "20" });
  const app = setUp();
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1", () => socket.write("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"));
  setTimeout(() => socket.destroy(), 20);
  const span = spanNamed(await receiver.waitFor((spans) => spans.length > 0), "GET /slow");
  assert.deepEqual(
    span.events.map((event) => event.name),
    ["client.disconnected"],
  );
  assert.equal(span.attributes["http.response.status_code"], undefined);
  await collect();
});

test("with tracing off a request still has its id everywhere", async () => {
  const app = setUp();
  const answer = await app.inject({
    url: "/films/7",
    headers: { "x-request-id": "r-9", traceparent: TRACEPARENT },
  });
  assert.deepEqual(answer.json(), { id: "7", request: { requestId: "r-9" } });
  assert.equal(answer.headers["x-request-id"], "r-9");
});

test("an error of which an error handler has made an answer to the caller is no error of ours", async (t) => {
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made" });
  app.setErrorHandler(async (_error, _request, reply) => reply.code(409).send({}));
  app.after(() => app.get("/taken", () => Promise.reject(new RangeError("taken"))));
  const { collect } = await traceToReceiver(t);
  await app.inject("/taken");
  const { status, events, attributes } = spanNamed(await collect(), "GET /taken");
  assert.deepEqual([status.code, events, attributes["error.type"]], [0, [], undefined]);
  assert.equal(attributes["http.response.status_code"], 409);
});
