import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { common } from "./common-refusals.ts";
import { listen } from "./listen.ts";
import { createLogger } from "./logger.ts";
import { createServer } from "./server.ts";

async function start(t: TestContext) {
  const turnedAway: unknown[] = [];
  const app = await createServer({
    logger: createLogger({ level: "silent", service: "tea" }),
    now: () => new Date(0),
    trustedProxies: [],
    onTurnedAway: ({ method, url }, code) => turnedAway.push([method, url, code]),
  });
  t.after(() => app.close());
  const door = { isFull: true, asked: 0 };
  const room = () => {
    door.asked += 1;
    return door.isFull ? common.temporarily_unavailable({ headers: { "retry-after": "1" } }) : undefined;
  };
  // Whoever gets past the gate is seen here.
  const hooked: string[] = [];
  app.addHook("onResponse", (request, _reply, done) => {
    hooked.push(request.url);
    done();
  });
  app.post("/door", { config: { room } }, async ({ body }) => ({ poured: body }));
  app.get("/door", async () => "a look");
  const url = await listen(app, { host: "127.0.0.1", port: 0, portVariable: "TEA_PORT" });
  return { app, url, door, hooked, turnedAway };
}

const knock = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    body: '{"sugar":1}',
    headers: { "content-type": "application/json", ...headers },
  });

test("a full door answers before any hook, and as it would behind them", async (t) => {
  const { url, hooked, turnedAway } = await start(t);
  for (const headers of [{}, { "accept-language": "ru", "x-request-id": "r-1" }, { "x-request-id": "a b" }]) {
    const seen: object[] = [];
    // With a query it is none of the addresses that the gate knows.
    for (const path of ["/door", "/door?"]) {
      const answer = await knock(`${url}${path}`, headers);
      const { request_id: id, ...problem } = (await answer.json()) as Record<string, unknown>;
      const { date: _, "x-request-id": echoed, ...rest } = Object.fromEntries(answer.headers);
      assert.equal(echoed, id);
      seen.push({
        status: answer.status,
        problem,
        rest,
        id: headers["x-request-id"] === "r-1" ? id : typeof id,
      });
    }
    assert.deepEqual(seen[0], seen[1]);
  }
  assert.deepEqual(hooked, ["/door?", "/door?", "/door?"]);
  assert.deepEqual(turnedAway, Array(3).fill(["POST", "/door", "temporarily_unavailable"]));
});

test("a door with room lets in, and neither another method nor a caller with a trace is the gate's business", async (t) => {
  const { url, door, hooked } = await start(t);
  assert.equal(await (await fetch(`${url}/door`)).text(), "a look");
  assert.equal(door.asked, 0);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal((await knock(`${url}/door`, { traceparent })).status, 503);
  assert.deepEqual(hooked, ["/door", "/door"]);
  door.isFull = false;
  const answer = await knock(`${url}/door`);
  assert.deepEqual([answer.status, await answer.json()], [200, { poured: { sugar: 1 } }]);
});

test("whoever is turned away while his body is still on its way keeps his connection", async (t) => {
  const { url, door } = await start(t);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  t.after(() => socket.destroy());
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  const answers = async (count: number) => {
    while (text.split("HTTP/1.1 ").length <= count) await once(socket, "data");
  };
  const head =
    "POST /door HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n";
  socket.write(`${head}{"sug`);
  await answers(1);
  door.isFull = false;
  socket.write(`ar":1}${head}{"sugar":2}`);
  await answers(2);
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ["503", "200"],
  );
  assert.match(text, /\{"poured":\{"sugar":2\}\}$/);
});
