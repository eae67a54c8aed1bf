/** The stand as a newcomer meets it: started, walked through, stopped, started again. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.ts";

const START_MS = 90_000;
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-stand-"));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const ports = { AUTH_PORT: await freePort(), CATALOG_PORT: await freePort(), STAND_PORT: await freePort() };
  const env = {
    PATH: process.env["PATH"],
    KINOPASS_HOME: join(directory, "home"),
    NO_COLOR: "1",
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
  };
  return { ports, env };
}

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Resolves when `until` is printed, by default the closing block, or the process ended. */
async function start(t: TestContext, env: NodeJS.ProcessEnv, until = "Ctrl-C"): Promise<Started> {
  const child = spawn(process.execPath, [file("./main.js")], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes(until)) resolve();
    });
  }
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  t.after(async () => {
    child.kill("SIGINT");
    await ended;
  });
  await Promise.race([ready, ended, new Promise((late) => setTimeout(late, START_MS).unref())]);
  return { process: child, output: () => output, ended };
}

/** A process that was just killed does not answer; the next one does, once it is up. */
async function untilAnswers(url: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const ready = await fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    assert.ok(performance.now() < deadline, `${url} does not answer`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise((answer) => {
    probe.once("error", () => answer(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(true)));
  });
}

function walkTour(env: NodeJS.ProcessEnv) {
  return spawnSync(process.execPath, [file("./tour/main.js")], { env, encoding: "utf8", timeout: 120_000 });
}

async function signIn(url: string, email: string, password: string): Promise<number> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  return answer.status;
}

test("it starts, keeps every promise of the tour, drains on Ctrl-C, leaves nothing behind, and keeps its data", async (t) => {
  const { ports, env } = await setUp(t);
  const first = await start(t, env);
  assert.match(first.output(), /Ready in [\d.]+ s/, first.output());
  assert.match(first.output(), /tables +\d+ migrations applied/);
  assert.match(first.output(), /films +3,862 real films imported/);
  const tour = walkTour(env);
  assert.equal(tour.status, 0, tour.stdout.slice(-1500) + tour.stderr);
  const sessions = `http://127.0.0.1:${ports.AUTH_PORT}/v1/sessions`;
  for (const n of [1, 2]) assert.equal(await signIn(sessions, "nobody@example.com", `guess ${n}`), 401);
  const suspected = walkTour(env);
  assert.equal(suspected.status, 1);
  assert.match(suspected.stderr.trim(), /^✗ .*captcha_required.*wait 15 minutes, or restart the stand .*$/);
  const mailbox = (await (await fetch(`http://127.0.0.1:${ports.STAND_PORT}/mailbox.json`)).json()) as {
    to: string;
    subject: string;
    text: string;
    code: string | null;
  }[];
  const anna =
    mailbox.find(({ to, code }) => to.startsWith("anna-") && code !== null)?.to ??
    assert.fail("no letter to anna");
  const { pids } = JSON.parse(readFileSync(join(env.KINOPASS_HOME, "stand.json"), "utf8")) as {
    pids: { auth: number };
  };
  process.kill(pids.auth, "SIGKILL");
  await untilAnswers(`http://127.0.0.1:${ports.AUTH_PORT}/readyz`);
  assert.match(first.output(), /auth +ended unexpectedly; starting it again/);
  first.process.kill("SIGINT");
  assert.equal(await first.ended, 0, first.output());
  assert.match(first.output(), /Nothing is left running/);
  for (const port of Object.values(ports)) assert.ok(await isFree(port), `port ${port} is still taken`);

  // With what a person has set for a PostgreSQL of their own.
  const foreign = { PGSSLMODE: "require", PGOPTIONS: "-c nonsense=1", PGPORT: "1", PGPASSWORD: "other" };
  const second = await start(t, { ...env, ...foreign });
  assert.match(second.output(), /Ready in/, second.output());
  assert.match(second.output(), /tables +up to date[\s\S]*films +kept from an earlier start/);
  assert.equal(
    await signIn(sessions, anna, "four plain words here"),
    201,
    "the account of the first start signs in at the second",
  );
  const again = walkTour(env);
  assert.equal(again.status, 0, `it was restarted, as the tour said: ${again.stderr}`);
});

interface Published {
  readonly pids: Readonly<Record<"stand" | "postgres" | "auth" | "catalog", number>>;
}

const published = (home: string) => JSON.parse(readFileSync(join(home, "stand.json"), "utf8")) as Published;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a stand that was killed leaves nothing in the next one's way, and one that runs is pointed at", async (t) => {
  const { ports, env } = await setUp(t);
  const home = env.KINOPASS_HOME;
  const first = await start(t, env);
  const { pids: left } = published(home);
  first.process.kill("SIGKILL");
  await first.ended;
  assert.ok(isAlive(left.auth), "a killed stand can stop nothing");

  const second = await start(t, env);
  assert.match(
    second.output(),
    /leftovers +of a stand that was killed, stopped: .*catalog, auth,.* postgres/,
  );
  assert.match(second.output(), /Ready in/, second.output());
  for (const name of ["postgres", "auth", "catalog"] as const) assert.ok(!isAlive(left[name]), name);
  const third = await start(t, { ...env, AUTH_PORT: String(await freePort()) });
  assert.equal(await third.ended, 1);
  assert.match(third.output(), new RegExp(`runs already.*127.0.0.1:${ports.STAND_PORT}`));
  assert.match(third.output(), /KINOPASS_HOME=/);

  // PostgreSQL dies: it comes back where it was, and the services find it.
  process.kill(published(home).pids.postgres, "SIGKILL");
  await untilSays(second, /postgres +ended unexpectedly; starting it again/);
  await untilAnswers(`http://127.0.0.1:${ports.AUTH_PORT}/readyz`);

  // The terminal is closed.
  const { pids } = published(home);
  second.process.kill("SIGHUP");
  assert.equal(await second.ended, 0, second.output());
  for (const [name, pid] of Object.entries(pids)) assert.ok(!isAlive(pid), `${name} is still there`);
});

test("Ctrl-C while it comes up stops what came up, and is no error", async (t) => {
  const { ports, env } = await setUp(t);
  const { process: child, output, ended } = await start(t, env, "networks");
  child.kill("SIGINT");
  assert.equal(await ended, 0, output());
  assert.match(output(), /Nothing is left running/);
  assert.doesNotMatch(output(), /✗|Error|Ready in/);
  assert.ok(!existsSync(join(env.KINOPASS_HOME, "postgres/data/postmaster.pid")), "PostgreSQL is gone");
  assert.ok(await isFree(ports.AUTH_PORT));
});

async function untilSays({ output }: Started, what: RegExp): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!what.test(output())) {
    assert.ok(performance.now() < deadline, `it never said ${what}: ${output()}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

test("busy ports are named, each with the variable that moves it", async (t) => {
  const { ports, env } = await setUp(t);
  const squatters = [ports.AUTH_PORT, ports.STAND_PORT].map((port) =>
    createServer().listen(port, "127.0.0.1"),
  );
  t.after(() => {
    for (const squatter of squatters) squatter.close();
  });
  const { output, ended } = await start(t, env);
  assert.equal(await ended, 1);
  for (const variable of ["AUTH_PORT", "STAND_PORT"])
    assert.match(output(), new RegExp(`Port \\d+ .*${variable}=`));
  assert.doesNotMatch(output(), /CATALOG_PORT=/);
});

test("a place for its data that will not do is named before anything starts", async (t) => {
  const { env } = await setUp(t);
  const { output, ended } = await start(t, { ...env, KINOPASS_HOME: file("./main.js") });
  assert.equal(await ended, 1);
  assert.match(output(), /cannot be written to \((EEXIST|ENOTDIR)\).* KINOPASS_HOME=\S+ npm start\n/);
  assert.doesNotMatch(output(), /postgres/);
});

test("a place where no directory can be made is named as well, and not tried for ever", {
  skip: process.platform !== "linux" && "only Linux has a /proc",
}, async (t) => {
  const { env } = await setUp(t);
  for (const home of ["/proc/kinopass", "/proc/one/two"]) {
    const { status, stderr } = spawnSync(process.execPath, [file("./main.js")], {
      env: { ...env, KINOPASS_HOME: home },
      encoding: "utf8",
      timeout: 60_000,
      // It does not listen while it tries.
      killSignal: "SIGKILL",
    });
    assert.equal(status, 1, `${home}: ${stderr}`);
    assert.match(stderr.trim(), new RegExp(`^✗ ${home} cannot be .*KINOPASS_HOME=\\S+ npm start$`));
  }
});

test("one port for two is told before anything starts", async (t) => {
  const { ports, env } = await setUp(t);
  const { output, ended } = await start(t, {
    ...env,
    CATALOG_PORT: String(ports.AUTH_PORT),
    STAND_PORT: "0",
  });
  assert.equal(await ended, 1);
  assert.match(output(), /\(the catalog\) is Auth's as well: CATALOG_PORT=\d+ npm start/);
  assert.match(output(), /Port 0 .*STAND_PORT=\d+ npm start/);
});

test("the tour without a stand says how to start one", async (t) => {
  const { env } = await setUp(t);
  const tour = walkTour(env);
  assert.equal(tour.status, 1);
  assert.match(tour.stderr, /npm start/);
});
