import assert from "node:assert/strict";
import { test } from "node:test";
import { annotate, clientSpan, redisSpan, sqlSpan, trace } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

const CANARY = "canary-7f3a-secret";

class Doors {
  @trace
  signIn(password: string, nested: { token: string }): { token: string } {
    return { token: password + nested.token };
  }

  @trace
  set secret(_value: string) {}

  @trace
  *tokens(seed: string): Generator<string, string> {
    yield seed;
    return seed;
  }
}

test("no argument, result, yielded value, key, query or error message reaches the wire", async (t) => {
  const { collect, receiver } = await traceToReceiver(t);
  const doors = new Doors();
  doors.signIn(CANARY, { token: CANARY });
  doors.secret = CANARY;
  [...doors.tokens(CANARY)];
  await trace("wrapped", async (code: string) => code)(CANARY);
  assert.throws(
    trace("throws", () => {
      throw new Error(`bad token ${CANARY}`, { cause: CANARY });
    }),
  );
  await sqlSpan("accounts.find", async () => ({ rowCount: 1, rows: [{ email: CANARY }] }));
  await assert.rejects(async () =>
    sqlSpan("accounts.insert", async () => {
      throw Object.assign(new Error(`key ${CANARY}`), { code: "23505", detail: CANARY });
    }),
  );
  await redisSpan("GET", async () => CANARY);
  const url = `https://${CANARY}:${CANARY}@provider.example/token?client_secret=${CANARY}#${CANARY}`;
  await clientSpan({ method: "GET", url, peer: "provider" }, async () => ({ status: 200, body: CANARY }));
  assert.ok((await collect()).length >= 9);
  for (const request of receiver.requests) assert.equal(request.includes(CANARY), false);
});

test("the canary would be seen if it were sent", async (t) => {
  const { collect, receiver } = await traceToReceiver(t);
  trace("leak", () => annotate({ leaked: CANARY }))();
  await collect();
  assert.ok(receiver.requests.some((request) => request.includes(CANARY)));
});

test("what a picker picks is recorded, and nothing else", async (t) => {
  const { collect } = await traceToReceiver(t);
  const find = trace(
    {
      name: "films.find",
      record: {
        arguments: (id: number, _secret: string) => ({ "film.id": id }),
        result: (film) => ({ "film.found": film !== undefined }),
      },
    },
    async (_id: number, _secret: string): Promise<string | undefined> => CANARY,
  );
  await find(7, CANARY);
  assert.deepEqual(spanNamed(await collect(), "films.find").attributes, { "film.id": 7, "film.found": true });
});

test("an error picker sees refusals too, and a picker that throws costs only its attributes", async (t) => {
  const { collect } = await traceToReceiver(t);
  const picked = trace(
    {
      name: "picked",
      record: { error: (error) => ({ "limit.bucket": String((error as { bucket: string }).bucket) }) },
    },
    async () => Promise.reject(Object.assign(new Error("slow down"), { status: 429, bucket: "account" })),
  );
  await assert.rejects(picked());
  const broken = trace(
    {
      name: "broken",
      record: {
        result: () => {
          throw new Error("picker");
        },
      },
    },
    () => 5,
  );
  assert.equal(broken(), 5);
  const spans = await collect();
  assert.equal(spanNamed(spans, "picked").attributes["limit.bucket"], "account");
  assert.deepEqual(spanNamed(spans, "broken").attributes, { "trace.record_failed": true });
});
