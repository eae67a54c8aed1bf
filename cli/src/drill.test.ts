/** The drill on a stand of the test's own: it must see what viewers see, and leave everything as it was. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { kinopass } from "./set-up.test-support.ts";

const STAND = join(import.meta.dirname, "../../stand/dist/main.js");
const START_MS = 90_000;

test("drill auth-down keeps its promises on a running stand, and leaves it as it was", async (t) => {
  const { env, directory } = await startStand(t);
  const drill = await kinopass(
    // Short, and on a machine that is busy with other tests: what p99 may grow by is not the question here.
    [
      ...["drill", "auth-down", "--seconds", "17", "--rate", "40", "--added-p99", "2000"],
      ...["--only", "killed", "--only", "half"],
    ],
    { env, directory },
  );
  assert.equal(drill.status, 0, drill.out + drill.err);
  assert.match(drill.out, /killed \(SIGKILL\), 17 s/);
  assert.match(drill.out, /answering by halves/);
  assert.equal(drill.out.match(/✓ every promise held/g)?.length, 2);
  assert.equal(drill.out.match(/ 0 times by requests/g)?.length, 2);
  for (const who of ["guests", "signed in", "just run out, reading", "just run out, acting"]) {
    const [line = ""] = drill.out.split("\n").filter((one) => one.trimStart().startsWith(`${who} `));
    assert.match(line, /20[01] stale ×/, "the outage was felt, and served");
  }
  assert.match(drill.out, /strict route +200 ×[\d,]+, 503 stale strict_unavailable ×/);

  const home = env["KINOPASS_HOME"] ?? "";
  assert.ok(!existsSync(join(home, "hold-auth")), "nothing holds Auth down");
  const { addresses } = JSON.parse(readFileSync(join(home, "stand.json"), "utf8")) as {
    addresses: { auth: string };
  };
  assert.equal((await fetch(`${addresses.auth}/readyz`)).status, 200);
  const list = await kinopass(["service", "list"], { env, directory });
  assert.match(list.out, /drill-\S+ +revocations +\S+ +disabled/, "its credential is of no use any more");
});

test("drill flood sees the flood refused without Redis, and everybody next door served", async (t) => {
  const { env, directory } = await startStand(t);
  const drill = await kinopass(["drill", "flood", "--seconds", "5", "--rate", "200"], { env, directory });
  assert.equal(drill.status, 0, drill.out + drill.err);
  assert.match(drill.out, /the flood +401 ×\d+, 429 ×[1-9]/);
  assert.match(drill.out, /next door, signing in +201 ×[1-9]/);
  assert.match(drill.out, /the owner, signing in +201 ×[1-9]/);
  assert.match(drill.out, /guesses were refused; the whole flood cost Redis \d+ scripts|has no Redis/);
});

test("without a stand, drill says how to start one; what it cannot understand is not begun", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-drill-"));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const ask = (...argv: string[]) =>
    kinopass(["drill", "auth-down", ...argv], { env: { KINOPASS_HOME: directory }, directory });
  const none = await ask("--seconds", "5");
  assert.equal(none.status, 1);
  assert.match(none.err, /npm start/);
  assert.equal((await ask("--seconds", "1")).status, 2);
  assert.equal((await ask("--only", "earthquake")).status, 2);
  const flood = await kinopass(["drill", "flood"], { env: { KINOPASS_HOME: directory }, directory });
  assert.match(flood.err, /npm start/);
});

async function startStand(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-drill-"));
  chmodSync(directory, 0o755);
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    KINOPASS_HOME: join(directory, "home"),
    NO_COLOR: "1",
    AUTH_PORT: String(await freePort()),
    CATALOG_PORT: String(await freePort()),
    STAND_PORT: String(await freePort()),
  };
  const child = spawn(process.execPath, [STAND], { env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  });
  let output = "";
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("Ready in")) resolve();
    });
  }
  child.once("exit", () => resolve());
  const patience = setTimeout(resolve, START_MS);
  await ready;
  clearTimeout(patience);
  assert.match(output, /Ready in/, output);
  return { env, directory };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGINT");
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address() as { port: number };
  await new Promise((closed) => probe.close(closed));
  return port;
}
