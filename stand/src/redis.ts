import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { Redis } from "ioredis";
import { freePort } from "./ports.ts";

export interface LocalRedis {
  readonly url: string;
  readonly version: string;
  readonly port: number;
  readonly pid: number;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const ANSWER_MS = 3_000;

/** A Redis of the stand's own, from whichever server is on the PATH; undefined where there is none, or it does not come up. */
export async function startLocalRedis(wantedPort?: number): Promise<LocalRedis | undefined> {
  const found = ["redis-server", "valkey-server"]
    .map((binary) => ({ binary, version: versionOf(binary) }))
    .find(({ version }) => version !== undefined);
  if (found?.version === undefined) return undefined;
  const port = wantedPort ?? (await freePort());
  // Its own process group: Ctrl-C is for the stand, which stops Redis after the services that use it.
  const child = spawn(
    found.binary,
    [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--maxmemory",
      "64mb",
      "--maxmemory-policy",
      "noeviction",
    ],
    {
      stdio: "ignore",
      detached: true,
    },
  );
  const ended = new Promise<void>((done) => child.once("exit", () => done()).once("error", () => done()));
  const client = new Redis({
    port,
    host: "127.0.0.1",
    connectTimeout: 1_000,
    maxRetriesPerRequest: null,
    retryStrategy: () => 30,
  });
  client.on("error", () => {});
  try {
    // The first connects are refused while Redis starts; the ping waits in the client until one is not.
    await within(ANSWER_MS, client.ping());
  } catch {
    await end(child, ended);
    return undefined;
  } finally {
    client.disconnect();
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    version: `${found.binary} ${found.version}`,
    port,
    pid: child.pid ?? 0,
    ended,
    stop: () => end(child, ended),
  };
}

function versionOf(binary: string): string | undefined {
  const { status, stdout } = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 2_000 });
  return status === 0 ? (/v=([\d.]+)/.exec(stdout)?.[1] ?? "") : undefined;
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await ended;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
