import assert from "node:assert/strict";
import { Agent, get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { drain, listen } from "./listen.ts";
import { createLogger } from "./logger.ts";
import { createServer } from "./server.ts";

test("while a server drains it serves on, and every answer tells that its connection ends with it", async (t) => {
  const app = await createServer({
    logger: createLogger({ level: "silent", service: "tea" }),
    now: () => new Date(0),
    trustedProxies: [],
  });
  t.after(() => app.close());
  app.get("/tea", async () => "tea");
  const address = await listen(app, { host: "127.0.0.1", port: 0, portVariable: "TEA_PORT" });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<[number | undefined, string | undefined, boolean]>((resolve, reject) => {
      const request = get(`${address}/tea`, { agent }, (answer: IncomingMessage) => {
        answer.resume();
        answer.once("end", () =>
          resolve([answer.statusCode, answer.headers.connection, request.reusedSocket]),
        );
      });
      request.once("error", reject);
    });
  assert.deepEqual(await ask(), [200, "keep-alive", false]);
  let closed = false;
  const drained = drain(app, async () => {
    closed = true;
  });
  // The kept connection is used once more, and the next request makes one of its own.
  assert.deepEqual(await ask(), [200, "close", true]);
  assert.deepEqual(await ask(), [200, "close", false]);
  assert.equal(closed, false);
  await drained;
  assert.equal(closed, true);
});
