import assert from "node:assert/strict";
import { test } from "node:test";
import { listenToSpans } from "./suite-canary.mjs";

const SECRETS = [
  `kp_rt_${"A".repeat(94)}`,
  "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl",
  "anna@example.com",
  "anna%40mail.ru",
  "Anna.K@mail.Viewer.example",
  "four plain words here",
];

test("what no span may tell is found in the bytes of one, and what it may tell is not", async (t) => {
  const canary = await listenToSpans(["sessions.refresh", "never.said"]);
  t.after(() => canary.close());
  const send = (text) => {
    const body = Buffer.concat([
      Buffer.from([0x0a, 0x80, 0x01]),
      Buffer.from(text),
      Buffer.from([0x12, 0xff]),
    ]);
    return fetch(`${canary.url}/v1/traces`, { method: "POST", body });
  };
  for (const harmless of [
    "sessions.refresh",
    "file:///app/node_modules/@opentelemetry/api/index.js:1:2",
    "a@b",
  ])
    assert.equal((await send(harmless)).status, 200);
  assert.deepEqual([canary.found, [...canary.names]], [[], ["sessions.refresh"]]);
  for (const secret of SECRETS) await send(secret);
  assert.equal(canary.found.length, SECRETS.length, canary.found.join("\n"));
  assert.ok(canary.heard.bytes > 100);
});

const message = (field, bytes) => Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
const requestOf = (name, began) => {
  // Tag 0x39: the time at which it began, eight bytes.
  const span = Buffer.concat([message(5, Buffer.from(name)), Buffer.from([0x39]), Buffer.from(began)]);
  return message(1, message(2, message(2, span)));
};

test("a time whose bytes happen to spell an address is none, and a short one in a text is found", async (t) => {
  const canary = await listenToSpans();
  t.after(() => canary.close());
  const send = (body) => fetch(`${canary.url}/v1/traces`, { method: "POST", body });
  await send(requestOf("POST /v1/sessions", "@RU{`\u0001\u0002\u0003"));
  assert.deepEqual(canary.found, []);
  await send(requestOf("a@ru", "@RU{`\u0001\u0002\u0003"));
  assert.equal(canary.found.length, 1);
});
