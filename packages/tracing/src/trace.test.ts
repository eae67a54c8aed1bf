import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { trace } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

class Sessions {
  #opened = 0;
  last = "";

  @trace
  open(device: string): string {
    this.#opened += 1;
    this.last = device;
    return `${device}-${this.#opened}`;
  }

  @trace("sessions.close")
  async close(id: string): Promise<string> {
    await delay(1);
    return this.#log(id);
  }

  @trace
  #log(id: string): string {
    return `closed ${id}`;
  }

  @trace({ name: "sessions.count", attributes: { "sessions.kind": "tv" } })
  static count(...sessions: readonly string[]): number {
    return sessions.length;
  }

  @trace
  static #hidden(): string {
    // biome-ignore lint/complexity/noThisInStatic: that this survives is what is tested.
    return this.name;
  }

  static reveal(): string {
    return Sessions.#hidden();
  }

  @trace
  get opened(): number {
    return this.#opened;
  }

  @trace
  set opened(value: number) {
    this.#opened = value;
  }

  @trace
  accessor limit = 3;

  @trace
  refresh = async (id: string): Promise<string> => `${id}:${this.#opened}`;
}

test("a traced method keeps this, its result, its name and its length, with tracing on and off", async (t) => {
  const sessions = new Sessions();
  assert.equal(sessions.open("tv"), "tv-1");
  await traceToReceiver(t);
  assert.equal(sessions.open("phone"), "phone-2");
  assert.equal(sessions.last, "phone");
  assert.equal(sessions.open.name, "open");
  assert.equal(sessions.open.length, 1);
  assert.equal(await sessions.close("a"), "closed a");
  assert.equal(sessions.close.name, "close");
});

test("methods, private and static ones, accessors and function fields each make a span", async (t) => {
  const { collect } = await traceToReceiver(t);
  const sessions = new Sessions();
  sessions.opened = 4;
  assert.equal(sessions.opened, 4);
  sessions.limit = 5;
  assert.equal(sessions.limit, 5);
  assert.equal(Sessions.count("a", "b"), 2);
  assert.equal(Sessions.reveal(), "Sessions");
  assert.equal(await sessions.refresh("a"), "a:4");
  await sessions.close("a");
  const names = (await collect()).map((span) => span.name).sort();
  assert.deepEqual(names, [
    "Sessions.#hidden",
    "Sessions.#log",
    "Sessions.get limit",
    "Sessions.get opened",
    "Sessions.refresh",
    "Sessions.set limit",
    "Sessions.set opened",
    "sessions.close",
    "sessions.count",
  ]);
});

test("a span takes the name and the attributes it is given", async (t) => {
  const { collect } = await traceToReceiver(t);
  Sessions.count("a");
  assert.deepEqual(spanNamed(await collect(), "sessions.count").attributes, { "sessions.kind": "tv" });
});

test("the same trace wraps plain functions, arrows and callbacks", async (t) => {
  const { collect } = await traceToReceiver(t);
  function add(this: { base: number }, a: number, b: number): number {
    return this.base + a + b;
  }
  const traced = trace(add);
  assert.equal(traced.call({ base: 1 }, 2, 3), 6);
  assert.equal(traced.name, "add");
  assert.equal(traced.length, 2);
  const double = trace("maths.double", async (n: number) => n * 2);
  assert.equal(await double(4), 8);
  const sums = [1, 2].map(
    trace({ name: "maths.callback", attributes: { "maths.kind": "sum" } }, (n) => n + 1),
  );
  assert.deepEqual(sums, [2, 3]);
  const names = (await collect()).map((span) => span.name).sort();
  assert.deepEqual(names, ["add", "maths.callback", "maths.callback", "maths.double"]);
});

test("a function without a name makes a span named anonymous", async (t) => {
  const { collect } = await traceToReceiver(t);
  trace(() => 1)();
  assert.equal((await collect())[0]?.name, "anonymous");
});

test("nested calls are child spans across await, timers and emitters", async (t) => {
  const { collect } = await traceToReceiver(t);
  const bell = new EventEmitter();
  bell.on(
    "ring",
    trace("inner.listener", () => undefined),
  );
  const outer = trace("outer", async () => {
    await delay(1);
    await trace("inner.awaited", async () => delay(1))();
    await new Promise<void>((resolve) => setTimeout(trace("inner.timer", resolve), 1));
    setImmediate(trace("inner.immediate", () => bell.emit("ring")));
    await once(bell, "ring");
  });
  await outer();
  const spans = await collect();
  const top = spanNamed(spans, "outer");
  assert.equal(top.parentSpanId, "");
  for (const name of ["inner.awaited", "inner.timer", "inner.immediate"]) {
    assert.equal(spanNamed(spans, name).parentSpanId, top.spanId, name);
  }
  assert.equal(spanNamed(spans, "inner.listener").parentSpanId, spanNamed(spans, "inner.immediate").spanId);
  assert.ok(spans.every((span) => span.traceId === top.traceId));
});

test("a callback wrapped inside a span belongs to it when called from where no span is", async (t) => {
  const { collect } = await traceToReceiver(t);
  const foreign = Promise.withResolvers<() => void>();
  // Runs outside any span, as an event of a pooled connection would.
  const caller = foreign.promise.then((callback) => callback());
  trace("request", () => foreign.resolve(trace("answer", () => undefined)))();
  await caller;
  const spans = await collect();
  assert.equal(spanNamed(spans, "answer").parentSpanId, spanNamed(spans, "request").spanId);
});

test("concurrent calls keep their own children", async (t) => {
  const { collect } = await traceToReceiver(t);
  const leaf = trace({ name: "leaf", record: { arguments: (n: number) => ({ n }) } }, async (n: number) =>
    delay(n),
  );
  const branch = trace(
    { name: "branch", record: { arguments: (n: number) => ({ n }) } },
    async (n: number) => {
      await delay(3 - n);
      await leaf(n);
    },
  );
  await Promise.all([branch(1), branch(2), branch(3)]);
  const spans = await collect();
  for (const n of [1, 2, 3]) {
    const [leafSpan, branchSpan] = ["leaf", "branch"].map((name) =>
      spans.find((span) => span.name === name && span.attributes["n"] === n),
    );
    assert.equal(leafSpan?.parentSpanId, branchSpan?.spanId);
  }
});

test("a span lasts until the promise settles, and ends before whoever awaits it goes on", async (t) => {
  const { collect } = await traceToReceiver(t);
  assert.equal(await trace("slow", () => delay(20, "done"))(), "done");
  const span = spanNamed(await collect(), "slow");
  assert.ok(span.end - span.start >= 15_000_000n, `${span.end - span.start} ns`);
});

test("a thenable that is not a promise is not started by tracing it", async (t) => {
  await traceToReceiver(t);
  let started = 0;
  // biome-ignore lint/suspicious/noThenProperty: lazy query builders look like this, and run when then is called.
  const lazy = { then: () => (started += 1) };
  assert.equal(trace("lazy", () => lazy)(), lazy);
  assert.equal(started, 0);
});

test("nothing but a member of a class can be decorated", () => {
  assert.throws(() => {
    // @ts-expect-error: a class is no member of a class, which is what the test is about
    @trace
    class Wrong {}
    return Wrong;
  }, /cannot decorate a class/);
});

test("types are checked: a picker must fit the method it is put on", () => {
  class Typed {
    @trace({ record: { arguments: (id: string) => ({ id: id.length }), result: (n: number) => ({ n }) } })
    fits(id: string, _more: boolean): Promise<number> {
      return Promise.resolve(id.length);
    }

    // @ts-expect-error: the picker wants a string and the method takes a number
    @trace({ record: { arguments: (id: string) => ({ id: id.length }) } })
    misfit(id: number): number {
      return id;
    }

    @trace("generic")
    generic<Value>(value: Value): Value {
      return value;
    }
  }
  const wrapped: (a: string) => number = trace((a: string) => a.length);
  assert.equal(wrapped("abc"), 3);
  assert.equal(new Typed().generic("x"), "x");
  assert.equal(new Typed().misfit(2), 2);
});

test("a promise that starts when it is waited for is not started by tracing it, and stays what it was", async (t) => {
  const { collect } = await traceToReceiver(t);
  let started = 0;
  class Query extends Promise<number> {
    static override get [Symbol.species]() {
      return Promise;
    }
    // biome-ignore lint/suspicious/noThenProperty: lazy queries of several libraries are such
    override then<Value>(...handlers: Parameters<Promise<Value>["then"]>): never {
      started += 1;
      return super.then(...(handlers as [])) as never;
    }
    returning() {
      return this;
    }
  }
  const find = trace("find", () => new Query((done) => done(7)));
  const query = find();
  assert.equal(started, 0);
  assert.ok(query.returning() === query);
  assert.equal(await query, 7);
  await collect();
});

test("what a function has of its own stays, and a wrapped constructor still constructs", async (t) => {
  await traceToReceiver(t);
  const tag = Symbol("tag");
  const handler = trace(Object.assign(() => 1, { schema: { body: "x" }, [tag]: 2 }));
  assert.deepEqual([handler(), handler.schema, handler[tag]], [1, { body: "x" }, 2]);
  class Film {
    readonly title: string;
    constructor(title: string) {
      this.title = title;
    }
  }
  const Traced = trace(Film as never) as unknown as typeof Film;
  const film = new Traced("Stalker");
  assert.ok(film instanceof Film && film instanceof Traced);
  class Sequel extends Traced {}
  assert.ok(new Sequel("again") instanceof Sequel);
  assert.equal(film.title, "Stalker");
});

test("whoever has no class to be named after is traced by the member's name alone", async (t) => {
  const { collect } = await traceToReceiver(t);
  class Odd {
    static name = { not: "a name" } as never;
    @trace run() {
      return 1;
    }
  }
  const bare = Object.assign(Object.create(null), { constructor: null }) as object;
  const shy = new Proxy({}, { get: () => assert.fail("asked") });
  const { run } = Odd.prototype;
  for (const self of [new Odd(), bare, shy, undefined]) assert.equal(run.call(self as Odd), 1);
  assert.deepEqual(
    (await collect()).map(({ name }) => name),
    ["run", "run", "run", "run"],
  );
});
