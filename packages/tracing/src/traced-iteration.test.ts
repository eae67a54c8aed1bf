import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { trace } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

class Films {
  closed = 0;
  readonly #titles = ["a", "b", "c"];

  @trace("films.list")
  *list(): Generator<string, number, string | undefined> {
    try {
      for (const title of this.#titles) {
        trace("films.step", () => undefined)();
        yield title;
      }
      return this.#titles.length;
    } finally {
      this.closed += 1;
    }
  }

  @trace("films.stream")
  async *stream(failAt = -1): AsyncGenerator<number, void, void> {
    try {
      for (let n = 0; n < 3; n += 1) {
        await delay(2);
        if (n === failAt) throw new TypeError("broken");
        yield n;
      }
    } finally {
      this.closed += 1;
    }
  }
}

test("a generator's span lasts until it has run out and holds what the steps did", async (t) => {
  const { collect } = await traceToReceiver(t);
  assert.deepEqual([...new Films().list()], ["a", "b", "c"]);
  const spans = await collect();
  const list = spanNamed(spans, "films.list");
  const steps = spans.filter((span) => span.name === "films.step");
  assert.equal(steps.length, 3);
  assert.ok(steps.every((step) => step.parentSpanId === list.spanId));
  // Spans arrive in the order they ended.
  assert.equal(spans.at(-1), list);
});

test("an async generator's span covers its waits, and the consumer runs outside it", async (t) => {
  const { collect } = await traceToReceiver(t);
  const outer = trace("outer", async () => {
    for await (const _ of new Films().stream()) trace("consumer", () => undefined)();
  });
  await outer();
  const spans = await collect();
  const [stream, top] = [spanNamed(spans, "films.stream"), spanNamed(spans, "outer")];
  assert.ok(stream.end - stream.start >= 5_000_000n);
  assert.equal(stream.parentSpanId, top.spanId);
  const consumers = spans.filter((span) => span.name === "consumer");
  assert.equal(consumers.length, 3);
  assert.ok(consumers.every((span) => span.parentSpanId === top.spanId));
});

test("breaking off early ends the span after the generator has cleaned up", async (t) => {
  const { collect } = await traceToReceiver(t);
  const films = new Films();
  for (const _ of films.list()) break;
  for await (const _ of films.stream()) break;
  assert.equal(films.closed, 2);
  const spans = await collect();
  assert.equal(spanNamed(spans, "films.list").status.code, 0);
  assert.equal(spanNamed(spans, "films.stream").status.code, 0);
});

test("an error thrown by the generator, or into it, ends the span as an error", async (t) => {
  const { collect } = await traceToReceiver(t);
  await assert.rejects(drain(new Films().stream(1)), { message: "broken" });
  const list = new Films().list();
  list.next();
  assert.throws(() => list.throw(new RangeError("thrown in")), { message: "thrown in" });
  const spans = await collect();
  assert.equal(spanNamed(spans, "films.stream").attributes["error.type"], "TypeError");
  assert.equal(spanNamed(spans, "films.list").attributes["error.type"], "RangeError");
});

test("values go in, the return value comes out, and iterator helpers and disposal still work", async (t) => {
  const { collect } = await traceToReceiver(t);
  const films = new Films();
  const list = films.list();
  assert.deepEqual(list.next(), { value: "a", done: false });
  assert.deepEqual([list.next("x").value, list.next("y").value], ["b", "c"]);
  assert.deepEqual(list.next(), { value: 3, done: true });
  const shouted = Iterator.from(films.list()).map((title) => title.toUpperCase());
  assert.deepEqual(shouted.take(2).toArray(), ["A", "B"]);
  {
    using opened = films.list();
    opened.next();
  }
  assert.equal(films.closed, 3);
  assert.equal((await collect()).filter((span) => span.name === "films.list").length, 3);
});

test("an iteration nobody starts makes no span", async (t) => {
  const { collect } = await traceToReceiver(t);
  new Films().list();
  trace("other", () => undefined)();
  assert.deepEqual(
    (await collect()).map((span) => span.name),
    ["other"],
  );
});

test("the span's parent is where the generator was called, wherever it is consumed", async (t) => {
  const { collect } = await traceToReceiver(t);
  const made = trace("maker", () => new Films().list())();
  trace("eater", () => [...made])();
  const spans = await collect();
  assert.equal(spanNamed(spans, "films.list").parentSpanId, spanNamed(spans, "maker").spanId);
});

test("with tracing off the generator itself is handed back", () => {
  const films = new Films();
  assert.equal(Object.hasOwn(films.list(), "next"), false);
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
