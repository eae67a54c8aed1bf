import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const LINES_BYTES = 50 * 1024 * 1024;
const LINE_BYTES = 4_000;
const ANSWER_MS = 2_000;

/** Logs as much as it is asked to, a little in every turn of the event loop, as requests would. */
const SERVICE = `
  import { createLogger, createServer, healthRoutes, listen } from ${JSON.stringify(new URL("./index.js", import.meta.url).href)};
  const logger = createLogger({ level: "info", service: "tea" });
  const app = await createServer({ logger, now: () => new Date(0), trustedProxies: [] });
  healthRoutes(app, []);
  const text = "x".repeat(${LINE_BYTES});
  app.post("/chatter", async () => {
    for (let line = 0; line < 250; line += 1) logger.info({ text }, "chatter");
    return { written: 250 * ${LINE_BYTES}, memory: process.memoryUsage().rss };
  });
  const address = await listen(app, { host: "127.0.0.1", port: 0, portVariable: "TEA_PORT" });
  process.send({ address });
`;

test("a log reader that stopped reading freezes nobody, and memory does not grow with what it missed", async (t) => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVICE], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: {},
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  t.after(() => child.kill("SIGKILL"));
  // Nobody reads the pipe: after its 64 KiB the operating system takes nothing more.
  child.stdout?.pause();
  const [{ address }] = (await once(child, "message")) as [{ address: string }];
  let before: number | undefined;
  let residentMiB = 0;
  let written = 0;
  let slowestMs = 0;
  while (written < LINES_BYTES) {
    const answer = await fetch(`${address}/chatter`, {
      method: "POST",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const said = (await answer.json()) as { written: number; memory: number };
    written += said.written;
    residentMiB = said.memory / 1024 / 1024;
    before ??= residentMiB;
    const began = performance.now();
    const live = await fetch(`${address}/livez`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await live.text();
    slowestMs = Math.max(slowestMs, performance.now() - began);
    assert.equal(live.status, 200);
  }
  const grownMiB = residentMiB - (before ?? 0);
  t.diagnostic(
    `${Math.round(written / 1024 / 1024)} MiB of lines, slowest /livez ${slowestMs.toFixed(1)} ms, memory grew ${grownMiB.toFixed(0)} MiB`,
  );
  assert.ok(grownMiB < 120, `grew ${grownMiB} MiB`);

  // The reader comes back: what is written from now on is whole lines again.
  let tail = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    tail = (tail + part).slice(-64 * 1024);
  });
  child.stdout?.resume();
  for (let turn = 0; turn < 100 && !tail.includes('"status":404'); turn += 1) {
    await fetch(`${address}/after`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await pause(20);
  }
  const lines = tail.split("\n").slice(1, -1);
  const last = JSON.parse(lines.at(-1) ?? "{}") as { status?: number };
  assert.equal(last.status, 404, "it writes again");
});
