import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findJaeger, findOrBuildJaeger, type RunningJaeger, startJaeger } from "./testing/jaeger.ts";
import { runScript } from "./testing/run-script.ts";
import { renderTrace } from "./testing/trace-tree.ts";

const BUILD_TIMEOUT_MS = 25 * 60_000;

async function setUp(t: TestContext): Promise<RunningJaeger | undefined> {
  const binary = await findOrBuildJaeger();
  if (binary.kind === "missing") {
    t.skip(binary.missing);
    return undefined;
  }
  const jaeger = await startJaeger(binary.path);
  t.after(() => jaeger.stop());
  return jaeger;
}

/** Two services and a job: the first calls the second, which runs SQL and hands work to the job. */
const SERVICES = `
  import { captureLink, clientSpan, runWithRequest, sqlSpan, withLinkedSpan } from "@kinopass/tracing";
  import { shutdownTracing } from "@kinopass/tracing/register";
  import { tracing } from "@kinopass/tracing/fastify";
  import fastify from "fastify";
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made", trustedNetworks: ["127.0.0.1"] });
  app.after(() => {
    app.get("/films/:id", async () => sqlSpan("films.by_id", async () => ({ rowCount: 1, link: captureLink() })));
    app.get("/page", async () => {
      const url = base + "/films/7";
      const call = { method: "GET", url, template: "/films/{id}", propagate: true };
      return clientSpan(call, ({ headers }) => fetch(url, { headers })).then((answer) => answer.json());
    });
  });
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const answer = await fetch(base + "/page", { headers: { "x-request-id": "viewer-saw-this" } });
  const { link } = await answer.json();
  withLinkedSpan("mail.send", link, () => undefined);
  await app.close();
  await shutdownTracing(10_000);`;

for (const protocol of ["http/protobuf", "grpc"] as const) {
  test(`Jaeger finds the whole request by its x-request-id (${protocol})`, {
    timeout: BUILD_TIMEOUT_MS,
  }, async (t) => {
    const jaeger = await setUp(t);
    if (jaeger === undefined) return;
    const { code, stderr } = await runScript(SERVICES, {
      OTEL_SERVICE_NAME: "catalog",
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? jaeger.grpcEndpoint : jaeger.httpEndpoint,
    });
    assert.equal(code, 0, stderr);
    const found = await jaeger.search("catalog", { "request.id": "viewer-saw-this" });
    const page = found.find((trace) => trace.spans.some((span) => span.operationName === "GET /page"));
    assert.ok(page);
    const whole = await jaeger.trace(page.traceID, (trace) => trace.spans.length === 4);
    assert.equal(
      renderTrace(whole, ["request.id"]).replaceAll(/\d+\.\d ms/g, "… ms"),
      `catalog  GET /page  … ms request.id=viewer-saw-this
  catalog  GET /films/{id}  … ms
    catalog  GET /films/:id  … ms request.id=viewer-saw-this
      catalog  films.by_id  … ms`,
    );
    const job = found.find((trace) => trace.spans.some((span) => span.operationName === "mail.send"));
    assert.equal(job?.spans[0]?.references[0]?.traceID, page.traceID);
  });
}

test("a machine without Jaeger and without Go is told what is missing and how to get it", async () => {
  const nowhere = { PATH: "/nonexistent", HOME: "/nonexistent", XDG_CACHE_HOME: "" };
  const binary = await findOrBuildJaeger(nowhere);
  assert.equal(binary.kind, "missing");
  assert.match(binary.kind === "missing" ? binary.missing : "", /JAEGER_BIN.*install Go/);
  const wrong = await findOrBuildJaeger({ ...nowhere, JAEGER_BIN: "/nonexistent/jaeger" });
  assert.match(
    wrong.kind === "missing" ? wrong.missing : "",
    /JAEGER_BIN=\/nonexistent\/jaeger is not a program/,
  );
});

test("JAEGER_BIN wins over PATH", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "kinopass-test-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of ["jaeger", "mine"]) {
    await writeFile(join(folder, name), "#!/bin/sh\n");
    await chmod(join(folder, name), 0o755);
  }
  assert.deepEqual(await findJaeger({ PATH: folder }), { kind: "found", path: join(folder, "jaeger") });
  const path = join(folder, "mine");
  assert.deepEqual(await findJaeger({ PATH: folder, JAEGER_BIN: path }), { kind: "found", path });
});

test("a program that is not Jaeger is an error with its last words", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "kinopass-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "jaeger");
  await writeFile(path, "#!/bin/sh\necho wrong number >&2\nexit 3\n");
  await chmod(path, 0o755);
  await assert.rejects(startJaeger(path), /ended with 3[\s\S]*wrong number/);
});
