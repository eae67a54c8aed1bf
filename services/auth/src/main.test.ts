import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testDatabase } from "@kinopass/testing";
import { makeSuperuser, openConsole } from "./commands/index.ts";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
const MIGRATIONS = join(dirname(MAIN), "../migrations");
const PER_SECOND = 200;
const PASSWORD = "four green boots";
/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";

interface Instance {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(
  t: TestContext,
  variables: Readonly<Record<string, string>>,
  within: readonly string[] = [],
): Promise<Instance> {
  const [program = "", ...argv] = [...within, process.execPath, MAIN];
  const child = spawn(program, argv, {
    env: { PATH: "", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const url = await new Promise<string>((done, fail) => {
    let text = "";
    child.once("exit", () => fail(new Error(`Auth ended: ${text}`)));
    child.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      const address = /"address":"([^"]+)"/.exec(text)?.[1];
      if (address !== undefined) done(address);
    });
  });
  return { child, url };
}

/** One request on a connection of its own, which no retry hides. */
function statusOf(url: string, path: string, body?: object): Promise<number> {
  return new Promise((done, fail) => {
    const options = {
      method: body === undefined ? "GET" : "POST",
      agent: false,
      headers: { "content-type": "application/json" },
    };
    const asking = request(`${url}${path}`, options, (answer) => {
      answer
        .resume()
        .once("end", () => done(answer.statusCode ?? 0))
        .once("error", fail);
    });
    asking.once("error", fail);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test("an instance that is told to stop at 200 requests a second fails none of them and is gone within ten seconds", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "kinopass-drain-"));
  chmodSync(home, 0o755);
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const limitsFile = join(home, "limits.json");
  writeFileSync(limitsFile, JSON.stringify({ allow: ["127.0.0.0/8"] }));
  const variables = {
    DATABASE_URL: await testDatabase(t, { migrations: MIGRATIONS, schema: "auth" }),
    AUTH_KEYS: `1:${Buffer.alloc(32, 3).toString("base64")}`,
    AUTH_DIRECTORY_KEY: Buffer.alloc(32, 4).toString("base64"),
    SMTP_URL: "smtp://127.0.0.1:9",
    AUTH_PORT: "0",
    AUTH_METRICS_PORT: "0",
    LIMITS_FILE: limitsFile,
  };
  const instances = [await start(t, variables), await start(t, variables)];
  const [leaving] = instances as [Instance, Instance];
  const outcomes: Promise<number>[] = [];

  /** What a balancer knows: it asks five times a second whether an instance wants requests. */
  const ready = new Set(instances);
  const probing = setInterval(() => {
    for (const instance of ready)
      void statusOf(instance.url, "/readyz").then(
        (status) => status !== 200 && ready.delete(instance),
        () => ready.delete(instance),
      );
  }, 200);
  t.after(() => clearInterval(probing));
  const ask = async (n: number): Promise<number> => {
    const chosen = [...ready];
    const { url = "" } = chosen[n % chosen.length] ?? {};
    return n % 2 === 0
      ? await statusOf(url, "/v1/sessions/refresh", { refresh_token: "forged" })
      : await statusOf(url, "/.well-known/jwks.json");
  };
  const total = 4 * PER_SECOND;
  const began = performance.now();
  let gone: Promise<unknown> | undefined;
  for (let n = 0; n < total; n += 1) {
    const waitMs = began + (n * 1000) / PER_SECOND - performance.now();
    if (waitMs > 1) await new Promise((next) => setTimeout(next, waitMs));
    if (n === total / 2) {
      gone = once(leaving.child, "exit");
      leaving.child.kill("SIGTERM");
    }
    outcomes.push(ask(n).catch(() => 0));
  }
  const stoppedMs = await (gone as Promise<unknown>).then(() => performance.now() - began - 2_000);
  const counts: Record<number, number> = {};
  for (const status of await Promise.all(outcomes)) counts[status] = (counts[status] ?? 0) + 1;
  assert.deepEqual(counts, { 200: total / 2, 401: total / 2 });
  assert.equal(leaving.child.exitCode, 0);
  assert.ok(!ready.has(leaving), "the balancer was told");
  assert.ok(stoppedMs < 10_000, `${stoppedMs} ms`);
});

test("an instance starts with Redis, mail and a social network dead, and lets people in", async (t) => {
  const databaseUrl = await testDatabase(t, { migrations: MIGRATIONS, schema: "auth" });
  const keys = {
    DATABASE_URL: databaseUrl,
    AUTH_KEYS: `1:${Buffer.alloc(32, 3).toString("base64")}`,
    AUTH_DIRECTORY_KEY: Buffer.alloc(32, 4).toString("base64"),
  };
  const console_ = await openConsole(keys);
  const root = { email: "root@example.com", locale: "en" } as const;
  await makeSuperuser(console_, root, async () => PASSWORD).finally(() => console_.close());
  const { url } = await start(t, {
    ...keys,
    REDIS_URL: NOWHERE.replace("http", "redis"),
    SMTP_URL: NOWHERE.replace("http", "smtp"),
    AUTH_PORT: "0",
    AUTH_METRICS_PORT: "0",
    AUTH_SOCIAL_VK_CLIENT_ID: "1",
    AUTH_SOCIAL_VK_HOST_ID: NOWHERE,
  });
  assert.equal(await statusOf(url, "/readyz"), 200);
  assert.equal(await statusOf(url, "/v1/sessions", { email: root.email, password: PASSWORD }), 201);
  assert.equal(await statusOf(url, "/v1/accounts", { email: "new@example.com", password: PASSWORD }), 202);
  assert.equal(await statusOf(url, "/v1/social/vk/start"), 302);
});

test("an instance that has no more file descriptors sheds connections, and serves again when there are", async (t) => {
  if (process.platform !== "linux") return t.skip("the limit is set by a POSIX shell");
  const variables = {
    DATABASE_URL: await testDatabase(t, { migrations: MIGRATIONS, schema: "auth" }),
    AUTH_KEYS: `1:${Buffer.alloc(32, 3).toString("base64")}`,
    AUTH_DIRECTORY_KEY: Buffer.alloc(32, 4).toString("base64"),
    SMTP_URL: NOWHERE.replace("http", "smtp"),
    AUTH_PORT: "0",
    AUTH_METRICS_PORT: "0",
  };
  const { child, url } = await start(t, variables, ["/bin/sh", "-c", `ulimit -n 128; exec "$0" "$1"`]);
  const { hostname, port } = new URL(url);
  const idle = Array.from({ length: 300 }, () => connect(Number(port), hostname).on("error", () => {}));
  t.after(() => idle.forEach((socket) => void socket.destroy()));
  await Promise.all(idle.map((socket) => once(socket, "connect").catch(() => {})));
  const crowded = await Promise.all(
    Array.from({ length: 20 }, () =>
      // Hung up on, or left where nobody takes it: either way it costs the process nothing.
      Promise.race([statusOf(url, "/v1/regions"), delay(5_000, "shed", { ref: false })]).catch(() => "shed"),
    ),
  );
  assert.equal(child.exitCode, null, "it lives");
  assert.ok(
    crowded.every((outcome) => outcome === "shed" || outcome === 200 || outcome === 503),
    String(crowded),
  );
  for (const socket of idle) socket.destroy();
  const deadline = performance.now() + 30_000;
  while ((await statusOf(url, "/readyz").catch(() => 0)) !== 200)
    assert.ok(performance.now() < deadline, "it did not recover");
  assert.equal(await statusOf(url, "/v1/regions"), 200);
});
