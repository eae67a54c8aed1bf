import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { FaultProxy } from "./fault-proxy.ts";

const BODY = "x".repeat(1_000);

async function setUp(t: TestContext) {
  const server = createServer((_request, response) => response.end(BODY));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await FaultProxy.listen({ port: (server.address() as AddressInfo).port });
  t.after(async () => {
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  const get = async (deadlineMs = 5_000) => {
    const response = await fetch(proxy.url, {
      signal: AbortSignal.timeout(deadlineMs),
      headers: { connection: "close" },
    });
    return response.text();
  };
  return { proxy, get };
}

const codeOf = (error: Error) => (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.name;
const failure = (promise: Promise<string>) => promise.then(() => "answered", codeOf);

test("the proxy breaks what it is told to break, and heals", { timeout: 30_000 }, async (t) => {
  const { get, proxy } = await setUp(t);
  assert.equal(await get(), BODY);
  await proxy.set({ kind: "refuse" });
  assert.equal(await failure(get()), "ECONNREFUSED");
  await proxy.set({ kind: "blackhole" });
  assert.equal(await failure(get(200)), "TimeoutError");
  await proxy.set({ kind: "reset", bytes: 50 });
  assert.equal(await failure(get()), "ECONNRESET");
  await proxy.set({ kind: "truncate", bytes: 300 });
  assert.equal(await failure(get()), "UND_ERR_RES_CONTENT_LENGTH_MISMATCH");
  await proxy.set({ kind: "delay", ms: 300 });
  const began = performance.now();
  assert.equal(await get(), BODY);
  assert.ok(performance.now() - began >= 290);
  await proxy.set({ kind: "throttle", bytesPerSecond: 4_000 });
  const paced = performance.now();
  assert.equal(await get(), BODY);
  assert.ok(performance.now() - paced >= 150, "1.1 kB at 4 kB/s");
  await proxy.set({ kind: "none" });
  assert.equal(await get(), BODY);
  assert.ok(proxy.accepted >= 7);
});
