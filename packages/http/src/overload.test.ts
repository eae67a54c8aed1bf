import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { healthRoutes } from "./health.ts";
import { createLogger } from "./logger.ts";
import { createServer, type ServerOptions } from "./server.ts";
import type { Priority } from "./shedding.ts";

async function start(t: TestContext, options: Partial<ServerOptions>) {
  const app = await createServer({
    logger: createLogger({ level: "silent", service: "tea" }),
    now: () => new Date(0),
    trustedProxies: [],
    demandDocumentedCodes: true,
    ...options,
  });
  t.after(() => app.close());
  healthRoutes(app, []);
  const priorities: readonly Priority[] = ["high", "normal", "low", "lowest"];
  for (const priority of priorities)
    app.get(`/${priority}`, { config: { priority }, schema: { operationId: priority } }, async () => "tea");
  app.post("/pot", { schema: { operationId: "pot" } }, async () => "tea");
  return app;
}

type App = Awaited<ReturnType<typeof start>>;

async function served(app: App): Promise<string> {
  const urls = ["/lowest", "/low", "/normal", "/high", "/livez"];
  const answers = await Promise.all(urls.map((url) => app.inject({ url })));
  return urls.filter((_, index) => answers[index]?.statusCode === 200).join(" ");
}

test("the later the loop, the more is sent away: the least needed first, health never", async (t) => {
  let lateMs = 0;
  const app = await start(t, { shedding: { latenessMs: () => lateMs } });
  const seen: Record<number, string> = {};
  for (const late of [0, 120, 140, 200, 600, 2_000]) {
    lateMs = late;
    seen[late] = await served(app);
  }
  assert.deepEqual(seen, {
    0: "/lowest /low /normal /high /livez",
    120: "/lowest /low /normal /high /livez",
    140: "/low /normal /high /livez",
    200: "/normal /high /livez",
    600: "/high /livez",
    2000: "/livez",
  });
});

test("who is sent away is told when to come again", async (t) => {
  const app = await start(t, { shedding: { latenessMs: () => 500 } });
  const answer = await app.inject({ url: "/low" });
  assert.deepEqual(
    [answer.statusCode, answer.headers["retry-after"], answer.json().code],
    [503, "1", "temporarily_unavailable"],
  );
});

test("a loop that is busy for real sheds, and serves everybody again soon after", async (t) => {
  const app = await start(t, {});
  await app.listen({ port: 0, host: "127.0.0.1" });
  assert.equal((await app.inject({ url: "/lowest" })).statusCode, 200);
  for (let round = 0; round < 8; round += 1) {
    const until = performance.now() + 300;
    while (performance.now() < until);
    await new Promise((next) => setTimeout(next, 1));
  }
  assert.equal((await app.inject({ url: "/lowest" })).statusCode, 503);
  assert.equal((await app.inject({ url: "/high" })).statusCode, 200);
  const deadline = performance.now() + 10_000;
  while ((await app.inject({ url: "/lowest" })).statusCode !== 200 && performance.now() < deadline)
    await new Promise((next) => setTimeout(next, 50));
  assert.equal((await app.inject({ url: "/lowest" })).statusCode, 200);
});

/** Sends a byte at a time for as long as the server listens; resolves to how long that was. */
async function drip(port: number, head: string): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise((done) => socket.once("close", done));
  const began = performance.now();
  socket.write(head);
  socket.resume();
  const dripping = setInterval(() => socket.write("x"), 50);
  const tooLong = setTimeout(() => socket.destroy(), 10_000);
  await closed;
  clearInterval(dripping);
  clearTimeout(tooLong);
  return performance.now() - began;
}

test("clients that are slow with headers or with a body are cut, while others are served", async (t) => {
  const app = await start(t, { patience: { headersMs: 300, requestMs: 900 } });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as { port: number };
  const post =
    "POST /pot HTTP/1.1\r\nhost: tea\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n";
  const slow = Promise.all([drip(port, "GET /livez HTTP/1.1\r\nhost: tea\r\nx-slow: "), drip(port, post)]);
  assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
  const [headersMs, bodyMs] = await slow;
  assert.ok(headersMs >= 250 && headersMs < 5_000, `headers: ${headersMs} ms`);
  assert.ok(bodyMs >= 850 && bodyMs < 5_000, `body: ${bodyMs} ms`);
});

test("unless told otherwise, headers may take ten seconds and a request thirty", async (t) => {
  const { server } = await start(t, {});
  assert.deepEqual([server.headersTimeout, server.requestTimeout], [10_000, 30_000]);
});
