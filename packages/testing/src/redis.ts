import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Redis } from "ioredis";

export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** SIGSTOP, SIGCONT, SIGKILL …: faults are injected for real. */
  signal(name: NodeJS.Signals): void;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
}

const HOW_TO_GET =
  "Install one of them: apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS).";

/** A real Redis of this test alone, on a free port, gone when the test ends. */
export async function startRedis(
  t: Pick<TestContext, "after">,
  flags: readonly string[] = [],
): Promise<RedisProcess> {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-redis-"));
  const port = await freePort();
  let child = await launch(port, directory, flags);
  t.after(async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get process() {
      return child;
    },
    signal: (name) => void child.kill(name),
    restart: async () => {
      await end(child);
      child = await launch(port, directory, flags);
    },
  };
}

async function launch(port: number, directory: string, flags: readonly string[]): Promise<ChildProcess> {
  const binary = process.env["REDIS_SERVER"] ?? "redis-server";
  const child = spawn(
    binary,
    [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      directory,
      ...flags,
    ],
    { stdio: "ignore" },
  );
  const failed = new Promise<never>((_, fail) => {
    child.once("error", () =>
      fail(new Error(`Neither redis-server nor valkey-server is on the PATH. ${HOW_TO_GET}`)),
    );
    child.once("exit", (code) => fail(new Error(`redis-server ended at once with ${code}`)));
  });
  failed.catch(() => {});
  await Promise.race([failed, untilAnswering(port)]);
  return child;
}

async function untilAnswering(port: number): Promise<void> {
  const client = new Redis({
    port,
    host: "127.0.0.1",
    retryStrategy: () => 20,
    maxRetriesPerRequest: 200,
    connectTimeout: 1_000,
  });
  client.on("error", () => {});
  try {
    await client.ping();
  } finally {
    client.disconnect();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address() as { port: number };
  await new Promise((closed) => probe.close(closed));
  return port;
}
