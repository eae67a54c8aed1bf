import assert from "node:assert/strict";
import { test } from "node:test";
import { startMetrics } from "@kinopass/tracing/metrics";
import { startTestAuth } from "../testing/start-auth.ts";

test("while the lane is full sign-ins are turned away at the gate, and counted like those behind it", async (t) => {
  const metrics = await startMetrics({ host: "127.0.0.1", port: 0 });
  t.after(() => metrics.close());
  const auth = await startTestAuth(t, { config: { hashWorkers: 1 } });
  const anna = await auth.signUp({ email: "anna@example.com", password: "четыре зелёных сапога" });
  assert.ok(anna.refreshToken);
  const url = await auth.app.listen({ host: "127.0.0.1", port: 0 });
  const signIn = (path = "/v1/sessions") =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "anna@example.com", password: "четыре зелёных сапога" }),
    });
  const { lane } = auth.auth.capabilities.passwords;
  const leaving: (() => void)[] = [];
  while (lane.refusal() === undefined) leaving.push(lane.enter());
  const countOf = async (line: RegExp) => {
    const text = await (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text();
    return Number(line.exec(text)?.[1] ?? 0);
  };
  const counts = async () => ({
    door: await countOf(
      /^kinopass_auth_sign_ins_total\{door="password",outcome="busy_try_again".*\} (\d+)$/m,
    ),
    requests: await countOf(
      /^http_server_request_duration_count\{.*route="\/v1\/sessions",.*status_code="503".*\} (\d+)$/m,
    ),
    shed: await countOf(/^kinopass_auth_hashes_shed_total.* (\d+)$/m),
  });
  const before = await counts();
  // With a query it is none of the addresses that the gate knows.
  for (const path of ["/v1/sessions", "/v1/sessions?x=1"]) {
    const answer = await signIn(path);
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "1"]);
    assert.equal(((await answer.json()) as { code: string }).code, "busy_try_again");
  }
  const after = await counts();
  assert.deepEqual(
    [after.door - before.door, after.requests - before.requests, after.shed - before.shed],
    [2, 2, 2],
  );
  for (const leave of leaving) leave();
  assert.equal((await signIn()).status, 201);
});
