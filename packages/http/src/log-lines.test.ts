import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";

const REGISTER = fileURLToPath(import.meta.resolve("@kinopass/tracing/register"));
/** A service that logs what it was told, in a process of its own: what counts is what leaves it. */
const SERVICE = `
  import { common, createLogger, createServer, leave, listen } from ${JSON.stringify(new URL("./index.js", import.meta.url).href)};
  const logger = createLogger({ level: "debug", service: "tea" });
  // On a machine busy with other tests a loop that runs late would send these requests away before they are logged.
  const app = await createServer({ logger, now: () => new Date(0), trustedProxies: [], shedding: false });
  app.post("/tea", async (request) => { logger.info({ agent: request.headers["user-agent"] }, "poured"); return {}; });
  app.get("/broken", async () => { throw new Error("the kettle"); });
  app.get("/refused", async () => { throw Object.assign(new Error("gone"), { name: "DatabaseAway" }); });
  app.get("/full", async () => { throw common.temporarily_unavailable({ headers: { "retry-after": "1" } }); });
  const room = () => common.temporarily_unavailable({ headers: { "retry-after": "1" } });
  app.post("/door", { config: { room } }, async () => "tea");
  const address = await listen(app, { host: "127.0.0.1", port: 0, portVariable: "TEA_PORT" });
  logger.info({ address }, "listening");
  logger.info({ password: "s3cret-1", form: { refresh_token: "s3cret-2" }, req: { headers: { cookie: "s3cret-3" } } }, "careless");
  const refused = (port) => Object.assign(new Error("port " + port), { code: "ECONNREFUSED" });
  logger.error({ code: "s3cret-4", err: Object.assign(refused(1), { cause: refused(2) }) }, "nobody there");
  // Whatever was answered is logged and written before it goes.
  process.once("SIGTERM", () => app.close().then(() => leave(logger))); // the test's own process
`;

interface Tea {
  readonly url: string;
  readonly child: ChildProcess;
  /** Ends the service, then every line it wrote, as it was written. */
  lines(): Promise<readonly string[]>;
}

async function startTea(t: TestContext, variables: Record<string, string> = {}): Promise<Tea> {
  const child = spawn(process.execPath, ["--import", REGISTER, "--input-type=module", "-e", SERVICE], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.setEncoding("latin1").on("data", (part: string) => (text += part));
  const url = await addressOf(child, () => text);
  return {
    url,
    child,
    lines: async () => {
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
      return text.split("\n").filter((line) => line !== "");
    },
  };
}

async function addressOf(child: ChildProcess, text: () => string): Promise<string> {
  while (child.exitCode === null) {
    const address = /"address":"([^"]+)"/.exec(text())?.[1];
    if (address !== undefined) return address;
    await new Promise((next) => setTimeout(next, 10));
  }
  throw new Error(`it ended: ${text()}`);
}

/** Sends bytes as they are; `fetch` would refuse most of these. */
async function send(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding("latin1");
  let text = "";
  socket.on("data", (part: string) => (text += part));
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return text;
}

const HOSTILE = [
  "a\r\nset-cookie: x=1",
  "\u001b[31mred\u001b[0m",
  '","level":"fatal","x":"',
  "x".repeat(8_000),
  "\u00f0\u009f\u0098\u0080",
  "../../etc/passwd",
  "",
];

test("whatever comes as x-request-id or User-Agent, each log line is one JSON object and the echoed id is clean", async (t) => {
  const tea = await startTea(t);
  for (const value of HOSTILE) {
    const answer = await send(
      tea.url,
      `POST /tea HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: ${value}\r\nuser-agent: ${value}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    );
    const [head = ""] = answer.split("\r\n\r\n");
    const echoed = /\r\nx-request-id: ([^\r]*)/i.exec(head)?.[1];
    if (answer.startsWith("HTTP/1.1 200")) assert.match(echoed ?? "", /^[A-Za-z0-9._-]{1,64}$/);
    assert.doesNotMatch(head, /set-cookie/i);
  }
  const lines = await tea.lines();
  const poured = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const [index, line] of poured.entries()) {
    assert.ok(["info", "debug", "error"].includes(String(line["level"])), lines[index]);
    assert.ok(!lines[index]?.includes("\u001b"));
  }
  const served = poured.filter(({ msg }) => msg === "poured");
  assert.ok(served.length >= 5);
  for (const line of served) assert.match(String(line["request_id"]), /^[A-Za-z0-9._-]{1,64}$/);
});

test("what bears the name of a secret is not written, wherever it stands in a line", async (t) => {
  const lines = await (await startTea(t)).lines();
  const careless = lines.find((line) => line.includes('"careless"')) ?? "";
  assert.equal(careless.split('"[hidden]"').length, 4, careless);
  assert.doesNotMatch(lines.join("\n"), /s3cret/);
});

test("what kind of error it was is written, of its cause too, and not taken for a code somebody was sent", async (t) => {
  const lines = await (await startTea(t)).lines();
  const line = JSON.parse(lines.find((line) => line.includes('"nobody there"')) ?? "{}") as {
    readonly code: string;
    readonly err: { readonly error_code: string; readonly cause: { readonly error_code: string } };
  };
  assert.equal(line.code, "[hidden]");
  assert.equal(line.err.error_code, "ECONNREFUSED");
  assert.equal(line.err.cause.error_code, "ECONNREFUSED");
});

test("every line of a request has its id and trace id once, also where the body never came whole", async (t) => {
  const tea = await startTea(t, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
  const cut =
    "POST /tea HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: cut-short\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n{,}}";
  const answer = await send(tea.url, cut);
  assert.match(answer, /^HTTP\/1.1 400/);
  const problem = JSON.parse(answer.slice(answer.indexOf("{"))) as Record<string, string>;
  assert.equal(problem["request_id"], "cut-short");
  const traceOf = async (path: string, id: string) => {
    const refused = await fetch(`${tea.url}${path}`, { headers: { "x-request-id": id } });
    return ((await refused.json()) as { trace_id?: string }).trace_id;
  };
  const traces = {
    "cut-short": problem["trace_id"],
    "broke-down": await traceOf("/broken", "broke-down"),
    "away-now": await traceOf("/refused", "away-now"),
  };
  const lines = (await tea.lines()).filter((line) => line.includes('"request_id"'));
  for (const [id, trace] of Object.entries(traces)) {
    assert.match(trace ?? "", /^[0-9a-f]{32}$/);
    const own = lines.filter((line) => line.includes(`"request_id":"${id}"`));
    assert.ok(own.length >= 1, id);
    for (const line of own) {
      assert.equal(line.split('"request_id"').length, 2);
      assert.ok(line.includes(`"trace_id":"${trace}"`), line);
    }
  }
});

test("told to stop while nobody reads its log any more, it goes all the same", {
  timeout: 60_000,
}, async (t) => {
  const { url, child } = await startTea(t);
  child.stdout?.pause();
  // More than a pipe and the reader's own buffer hold.
  const long = { "user-agent": "x".repeat(8_000) };
  for (let n = 0; n < 60; n += 1)
    assert.equal((await fetch(`${url}/tea`, { method: "POST", headers: long })).status, 200);
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
});

test("who read its log has gone: it serves on, and ends as usual when it is told to", {
  timeout: 60_000,
}, async (t) => {
  const { url, child } = await startTea(t);
  child.stdout?.destroy();
  for (let n = 0; n < 3; n += 1) assert.equal((await fetch(`${url}/tea`, { method: "POST" })).status, 200);
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await gone, [0, null]);
});

test("an address that is malformed or too long is a request like others: a line under the id it was answered with, and a span", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const tea = await startTea(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "20",
    OTEL_METRICS_EXPORTER: "none",
  });
  const answer = await send(
    tea.url,
    "GET /tea/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: misspelt\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1.1 400 [\s\S]*"request_id":"misspelt"/);
  const [span] = await receiver.waitFor((spans) => spans.length > 0);
  assert.deepEqual([span?.name, span?.attributes["request.id"]], ["GET", "misspelt"]);
  assert.equal(span?.attributes["http.response.status_code"], 400);
  const lines = (await tea.lines()).map((line) => JSON.parse(line) as Record<string, unknown>);
  const [line, ...others] = lines.filter((one) => one["request_id"] === "misspelt");
  assert.equal(others.length, 0);
  assert.deepEqual(
    [line?.["msg"], line?.["method"], line?.["route"], line?.["status"]],
    ["request", "GET", "(none)", 400],
  );
});

test("a trace id that leads nowhere is not told: sampled out it is left out, and a failure of ours is kept all the same", async (t) => {
  const tea = await startTea(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0",
  });
  const problemOf = async (path: string) =>
    (await (await fetch(`${tea.url}${path}`)).json()) as { code: string; trace_id?: string };
  assert.equal((await problemOf("/nothing-here")).trace_id, undefined);
  const unreadable = { method: "POST", headers: { "content-type": "application/json" }, body: "{,}" };
  const cut = (await (await fetch(`${tea.url}/tea`, unreadable)).json()) as {
    code: string;
    trace_id?: string;
  };
  assert.deepEqual(
    [cut.code, cut.trace_id],
    ["invalid_request", undefined],
    "nor where the body could not be read",
  );
  assert.match((await problemOf("/broken")).trace_id ?? "", /^[0-9a-f]{32}$/);
});

test("nor is it told where services hand no trace on to each other", async (t) => {
  const tea = await startTea(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_TRACES_SAMPLER: "always_off",
    OTEL_PROPAGATORS: "none",
  });
  const answer = await fetch(`${tea.url}/nothing-here`);
  assert.equal(((await answer.json()) as { trace_id?: string }).trace_id, undefined);
});

test("with tracing off no trace id is told or logged", async (t) => {
  const tea = await startTea(t);
  const answer = await fetch(`${tea.url}/broken`);
  assert.equal("trace_id" in ((await answer.json()) as object), false);
  const lines = await tea.lines();
  assert.ok(lines.some((line) => line.includes("request failed")));
  assert.ok(lines.every((line) => !line.includes("trace_id")));
});

test("a failure of ours is logged as an error, who is only sent away is not", async (t) => {
  const tea = await startTea(t);
  for (const path of ["/full", "/refused"]) assert.equal((await fetch(`${tea.url}${path}`)).status, 503);
  const logged = (await tea.lines()).map(
    (line) => JSON.parse(line) as { msg: string; route?: string; level: unknown; problem?: string },
  );
  const of = (route: string) => logged.filter((line) => line.route === route && line.msg === "request");
  const [info] = logged.filter(({ msg }) => msg === "listening");
  assert.deepEqual(
    of("/full").map(({ level }) => level),
    [info?.level],
  );
  assert.notDeepEqual(
    of("/refused").map(({ level }) => level),
    [info?.level],
  );
  assert.deepEqual(
    logged.filter(({ msg }) => msg === "request failed").map(({ problem }) => problem),
    ["temporarily_unavailable"],
  );
});

test("who is turned away at the gate leaves the line and the span that he would leave behind it", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const tea = await startTea(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: "50" });
  // An address with a query is none the gate knows.
  const ways = { "at-the-gate": "/door", "behind-it": "/door?" };
  const told: Record<string, string | undefined> = {};
  for (const [id, path] of Object.entries(ways)) {
    const headers = { "x-request-id": id };
    const answer = await fetch(`${tea.url}${path}`, { method: "POST", headers, body: "{}" });
    told[id] = ((await answer.json()) as { trace_id?: string }).trace_id;
  }
  await receiver.waitFor((spans) => spans.length === 2);
  const lines = (await tea.lines()).map((line) => JSON.parse(line) as Record<string, unknown>);
  const seen = Object.keys(ways).map((id) => {
    const line = lines.filter((one) => one["request_id"] === id);
    assert.deepEqual([line.length, line[0]?.["trace_id"]], [1, told[id]]);
    const span = receiver.spans.filter(({ attributes }) => attributes["request.id"] === id);
    assert.deepEqual([span.length, span[0]?.traceId], [1, told[id]]);
    const { time: _, ms: __, request_id: ___, trace_id: ____, ...rest } = line[0] ?? {};
    const { name, kind, status, events, attributes } = span[0] ?? {};
    const exceptions = events?.map((event) => [event.name, event.attributes["exception.message"]]);
    return { rest, name, kind, status, exceptions, attributes: { ...attributes, "request.id": "" } };
  });
  assert.deepEqual(seen[0], seen[1]);
  assert.equal(seen[0]?.rest["route"], "/door");
  assert.equal(seen[0]?.name, "POST /door");
});
