import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openServices } from "@kinopass/auth/commands";
import { FaultProxy } from "@kinopass/guard/testing";
import { Refused } from "../../io.ts";
import type { RunningStand } from "./running-stand.ts";
import type { StrictSettings } from "./strict-service.ts";

const READY_MS = 30_000;
const LEAVE = new URL("leave-with-parent.js", import.meta.url).href;
const STRICT = fileURLToPath(new URL("strict-service.js", import.meta.url));

/** What services asked of Auth: in the background, and anything else, which could only come from a request. */
export interface Asked {
  readonly connections: number;
  readonly background: number;
  readonly fromRequests: number;
}

export interface Ground {
  readonly catalog: string;
  readonly strict: string;
  readonly proxy: FaultProxy;
  asked(): Asked;
  close(): Promise<void>;
}

/**
 * A second catalog beside the stand's, on the same films, and a service with a strict route. Both reach
 * Auth through a proxy that can be told to misbehave, so that the stand itself need not be changed.
 */
export async function openGround(stand: RunningStand): Promise<Ground> {
  const cleanUps = new AsyncDisposableStack();
  const close = () => cleanUps.disposeAsync();
  try {
    return { ...(await open(stand, cleanUps)), close };
  } catch (error) {
    // Why it did not open is what is told, not what that led to.
    await close().catch(() => {});
    throw error;
  }
}

async function open(stand: RunningStand, cleanUps: AsyncDisposableStack): Promise<Omit<Ground, "close">> {
  const { env, addresses } = stand.published;
  const home = mkdtempSync(join(tmpdir(), "kinopass-drill-"));
  cleanUps.defer(() => rmSync(home, { recursive: true, force: true }));
  let [background, fromRequests] = [0, 0];
  const proxy = await FaultProxy.listen({
    port: Number(new URL(addresses.auth).port),
    onAsked: (bytes) => {
      const [, target] = /^[A-Z]+ (\S+) HTTP\/1/.exec(bytes.toString("latin1", 0, 300)) ?? [];
      if (target === undefined) return;
      if (/^\/(\.well-known\/jwks\.json|v1\/revocations|readyz)(\?|$)/.test(target)) background += 1;
      else fromRequests += 1;
    },
  });
  cleanUps.defer(() => proxy.close());
  const credential = await drillCredential(env, cleanUps);
  const limitsFile = join(home, "limits.json");
  // What limits cost is measured elsewhere; here they would only hide what an outage does.
  writeFileSync(limitsFile, JSON.stringify({ allow: ["127.0.0.0/8"] }));
  const own = { ...env, LIMITS_FILE: limitsFile, AUTH_URL: proxy.url, ...namesOf(credential) };
  const catalog = await startCatalog({ ...own, CATALOG_GUARD_DIRECTORY: join(home, "catalog") }, cleanUps);
  const strict = await startStrict(
    {
      issuer: addresses.auth,
      audience: "kinopass",
      credential,
      authUrl: proxy.url,
      directory: join(home, "strict"),
    },
    cleanUps,
  );
  const asked = () => ({ connections: proxy.accepted, background, fromRequests });
  return { catalog, strict, proxy, asked };
}

async function drillCredential(env: Readonly<Record<string, string>>, cleanUps: AsyncDisposableStack) {
  const services = openServices(env);
  cleanUps.defer(() => services.close());
  const credential = await services.add(`drill-${process.pid}-${Math.floor(performance.timeOrigin)}`, [
    "revocations",
  ]);
  cleanUps.defer(async () => void (await services.disable(credential.id)));
  return credential;
}

function namesOf({ id, secret }: { readonly id: string; readonly secret: string }) {
  return { CATALOG_SERVICE_ID: id, CATALOG_SERVICE_SECRET: secret };
}

async function startCatalog(
  env: Readonly<Record<string, string>>,
  cleanUps: AsyncDisposableStack,
): Promise<string> {
  const port = await freePort();
  const main = fileURLToPath(new URL("main.js", import.meta.resolve("@kinopass/catalog")));
  const child = launch(main, {
    ...env,
    CATALOG_PORT: String(port),
    CATALOG_METRICS_PORT: "0",
    LOG_LEVEL: "warn",
  });
  cleanUps.defer(() => end(child));
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return url;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Refused("The drill's own catalog did not start.");
}

async function startStrict(settings: StrictSettings, cleanUps: AsyncDisposableStack): Promise<string> {
  const child = launch(STRICT, {});
  cleanUps.defer(() => end(child));
  child.send(settings);
  const [{ port }] = (await Promise.race([
    once(child, "message", { signal: AbortSignal.timeout(READY_MS) }),
    once(child, "exit").then(() => Promise.reject(new Refused("The strict service did not start."))),
  ])) as [{ port: number }];
  return `http://127.0.0.1:${port}`;
}

function launch(entry: string, env: Readonly<Record<string, string>>): ChildProcess {
  return fork(entry, {
    execArgv: ["--enable-source-maps", "--import", LEAVE],
    env: { ...env },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
