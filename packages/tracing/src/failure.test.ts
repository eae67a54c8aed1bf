import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefusal, REFUSAL, trace, withSpan } from "./index.ts";
import type { DecodedSpan } from "./testing/otlp-receiver.ts";
import { runScript } from "./testing/run-script.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

class Refusal extends Error {
  readonly code = "email_taken";
  readonly status = 409;
}

const exceptions = (spans: readonly DecodedSpan[]) =>
  spans.flatMap((span) => span.events.filter((event) => event.name === "exception").map(() => span.name));

test("an error is an exception of the innermost span alone, and every span above is an error", async (t) => {
  const { collect } = await traceToReceiver(t);
  const inner = trace("inner", async () => {
    throw new RangeError("out of seats");
  });
  const outer = trace("outer", async () => withSpan("middle", {}, () => inner()));
  await assert.rejects(outer(), { message: "out of seats" });
  const spans = await collect();
  assert.deepEqual(exceptions(spans), ["inner"]);
  assert.deepEqual(
    ["inner", "middle", "outer"].map((name) => spanNamed(spans, name).status.code),
    [2, 2, 2],
  );
  assert.equal(spanNamed(spans, "outer").attributes["error.type"], "RangeError");
});

test("a synchronous throw is thrown on unchanged", async (t) => {
  const { collect } = await traceToReceiver(t);
  const error = new Error("same");
  const thrower = trace("thrower", () => {
    throw error;
  });
  assert.throws(thrower, (thrown) => thrown === error);
  assert.equal(spanNamed(await collect(), "thrower").status.code, 2);
});

test("thrown strings are told once too", async (t) => {
  const { collect } = await traceToReceiver(t);
  const inner = trace("inner", () => {
    throw "plain";
  });
  assert.throws(
    trace("outer", () => inner()),
    (thrown) => thrown === "plain",
  );
  const spans = await collect();
  assert.deepEqual(exceptions(spans), ["inner"]);
  assert.equal(spanNamed(spans, "inner").attributes["error.type"], "string");
});

test("a refusal leaves its code and no error", async (t) => {
  const { collect } = await traceToReceiver(t);
  await assert.rejects(trace("refusing", async () => Promise.reject(new Refusal("no")))(), Refusal);
  const span = spanNamed(await collect(), "refusing");
  assert.equal(span.status.code, 0);
  assert.deepEqual(span.attributes, { "error.refusal": "email_taken" });
  assert.deepEqual(span.events, []);
});

test("what counts as a refusal", () => {
  assert.equal(isRefusal({ status: 400 }), true);
  assert.equal(isRefusal({ status: 499 }), true);
  assert.equal(isRefusal({ statusCode: 413 }), true);
  assert.equal(isRefusal({ [REFUSAL]: true }), true);
  assert.equal(isRefusal({ status: 500 }), false);
  assert.equal(isRefusal({ status: 503, statusCode: 404 }), false);
  assert.equal(isRefusal({ status: "404" }), false);
  assert.equal(isRefusal(new Error("x")), false);
  assert.equal(isRefusal("404"), false);
  assert.equal(isRefusal(null), false);
});

test("the rejection of a promise nobody awaits is still an unhandled rejection, kept or sampled out", async () => {
  for (const OTEL_TRACES_SAMPLER of ["always_on", "always_off"]) {
    const { stdout } = await runScript(
      `process.on("unhandledRejection", (error) => console.log("unhandled:", error.message));
       const lost = trace("lost", async () => { throw new Error("nobody looks"); });
       withSpan("request", {}, () => void lost());`,
      // Nobody listens on port 9 (discard); only that an SDK is on matters here.
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_TRACES_SAMPLER,
        OTEL_EXPORTER_OTLP_TIMEOUT: "200",
      },
    );
    assert.equal(stdout, "unhandled: nobody looks\n");
  }
});

test("frames are kept and messages are not, unless the author asks for them", async (t) => {
  const { collect } = await traceToReceiver(t);
  const failing = (name: string, errorMessage: boolean) =>
    trace({ name, record: { errorMessage } }, () => {
      throw new Error("no account viewer@example.org\n    at viewer@example.org");
    });
  assert.throws(failing("quiet", false));
  assert.throws(failing("telling", true));
  const spans = await collect();
  const [quiet, telling] = ["quiet", "telling"].map((name) => spanNamed(spans, name).events[0]?.attributes);
  assert.equal(quiet?.["exception.type"], "Error");
  assert.match(String(quiet?.["exception.stacktrace"]), /failure\.test\.[jt]s:\d+/);
  assert.doesNotMatch(JSON.stringify(quiet), /viewer@example/);
  assert.match(String(telling?.["exception.message"]), /viewer@example/);
});

test("a code that is prose is not taken for a code", async (t) => {
  const { collect } = await traceToReceiver(t);
  const thrown = Object.assign(new Error("x"), { code: "bad value: viewer@example.org" });
  assert.throws(
    trace("prose", () => {
      throw thrown;
    }),
  );
  assert.equal(spanNamed(await collect(), "prose").attributes["error.type"], "Error");
});

test("an error that wraps one told already is not told again, and one that fails two traces is told in each", async (t) => {
  const { collect } = await traceToReceiver(t);
  const shared = new RangeError("the connection broke");
  const query = trace("query", async () => Promise.reject(shared));
  const load = trace("load", () => query().catch((cause) => Promise.reject(new Error("away", { cause }))));
  for (const name of ["first", "second"])
    await assert.rejects(
      withSpan(name, {}, () => load()),
      { message: "away" },
    );
  const spans = await collect();
  assert.deepEqual(exceptions(spans), ["query", "query"]);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 2);
});

test("an error that cannot be looked at reaches its caller all the same, and the span ends", async (t) => {
  const { collect } = await traceToReceiver(t);
  const unreadable = Object.defineProperty(new Error("x"), "code", { get: () => assert.fail("asked") });
  const stackless = Object.assign(new Error("y"), { stack: null });
  const listed = Object.assign(new Error("z"), { stack: ["a", "b"] });
  const proxied = new Proxy(new Error("p"), {
    get: () => assert.fail("asked"),
    has: () => assert.fail("asked"),
  });
  for (const error of [unreadable, stackless, listed, proxied]) {
    const thrower = trace("thrower", () => {
      throw error;
    });
    assert.throws(thrower, (thrown) => thrown === error);
  }
  const spans = await collect();
  assert.deepEqual(
    spans.map(({ status }) => status.code),
    [2, 2, 2, 2],
  );
});
