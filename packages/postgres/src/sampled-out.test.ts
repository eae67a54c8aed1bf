import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";
import { startEmbeddedPostgres } from "./embedded.ts";

const REGISTER = fileURLToPath(import.meta.resolve("@kinopass/tracing/register"));
/** Work of which no trace is kept; two of its statements fail, and both are caught. */
const WORK = `
  import { withSpan } from "@kinopass/tracing";
  import { PostgresDatabase, statement } from ${JSON.stringify(new URL("./database.js", import.meta.url).href)};
  const db = new PostgresDatabase({ url: process.env.DATABASE, applicationName: "test", maxConnections: 2,
    acquireTimeoutMs: 5000, statementTimeoutMs: 5000, lockTimeoutMs: 5000 });
  const one = statement("test.one", "select 1");
  const divide = statement("test.divide", "select 1 / $1::int");
  await withSpan("work", {}, async () => {
    await one(db);
    await divide(db, 0).catch(() => {});
    await db.transaction((tx) => divide(tx, 0)).catch(() => {});
  });
  // Nobody's work: a poll.
  await divide(db, 0).catch(() => {});
  await db.close();
`;

test("statements that fail in a trace that is not kept are told with their SQLSTATE, those that go well are not", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-postgres-"));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ directory: join(directory, "data"), durable: false });
  t.after(() => server.stop());
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const child = spawn(process.execPath, ["--import", REGISTER, "--input-type=module", "-e", WORK], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: {
      DATABASE: server.url("postgres"),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: "always_off",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  assert.deepEqual(await once(child, "exit"), [0, null]);
  const spans = await receiver.waitFor((all) => all.length >= 2);
  for (const span of spans) {
    assert.equal(span.name, "test.divide");
    assert.equal(span.status.code, 2);
    assert.equal(span.attributes["db.response.status_code"], "22012");
    assert.equal(span.attributes["sampling.late"], true);
    assert.notEqual(span.parentSpanId, "");
    assert.ok(span.end >= span.start);
  }
  assert.equal(spans.length, 2);
});
