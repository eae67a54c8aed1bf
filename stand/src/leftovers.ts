/**
 * Who starts a stand where another one runs is told so. One that was killed (SIGKILL, a machine out of memory) could
 * stop nothing: what it left holds the ports and the data, and is stopped before the next one starts.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedStand } from "./settings.ts";

const GONE_MS = 15_000;
const LOOK_AGAIN_MS = 50;

/** Newest first, as a stand stops them; PostgreSQL shuts down fast on SIGINT, which SIGTERM would not. */
const LEFT = [
  ["catalog", "SIGTERM"],
  ["auth", "SIGTERM"],
  ["redis", "SIGTERM"],
  ["postgres", "SIGINT"],
] as const;

/**
 * @returns the names of what was stopped
 * @throws Error that says what to do, if a stand of this directory runs
 */
export async function takeOver(home: string): Promise<readonly string[]> {
  const published = readPublished(home);
  if (published === undefined) return [];
  if (lives(published, "stand")) throw new Error(saysAlready(published));
  const stopped: string[] = [];
  for (const [name, signal] of LEFT) {
    if (!lives(published, name)) continue;
    await end(published, name, signal);
    stopped.push(name);
  }
  return stopped;
}

/** The command of a process as its machine tells it; "" where there is none (any more). */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    if (process.platform === "linux" || process.platform === "win32") return "";
    return spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
  }
}

function saysAlready({ addresses, pids }: PublishedStand): string {
  return [
    `A stand of this directory runs already (process ${pids["stand"]}): ${addresses["stand"]}`,
    "Use that one, or give another its own directory and ports:",
    "KINOPASS_HOME=.kinopass-2 AUTH_PORT=8100 CATALOG_PORT=8101 STAND_PORT=8180 npm start",
  ].join("\n    ");
}

function readPublished(home: string): PublishedStand | undefined {
  try {
    return JSON.parse(readFileSync(join(home, "stand.json"), "utf8")) as PublishedStand;
  } catch {
    return undefined;
  }
}

/** A number alone says little: it is another process's after a while. With the same command it is the same one. */
function lives({ pids, commands }: PublishedStand, name: string): boolean {
  const pid = pids[name];
  const command = commands?.[name];
  return pid !== undefined && command !== undefined && command !== "" && commandOf(pid) === command;
}

async function end(published: PublishedStand, name: string, signal: NodeJS.Signals): Promise<void> {
  const pid = published.pids[name] ?? 0;
  for (const way of [signal, "SIGKILL"] as const) {
    kill(name, pid, way);
    const deadline = performance.now() + GONE_MS;
    while (performance.now() < deadline) {
      if (!lives(published, name)) return;
      await new Promise((next) => setTimeout(next, LOOK_AGAIN_MS));
    }
  }
  throw new Error(saysStays(name, pid, "it does not go"));
}

function saysStays(name: string, pid: number, why: string): string {
  return `Process ${pid} (${name}) was left by a stand that was killed, and cannot be stopped: ${why}. Stop it, then start again.`;
}

function kill(name: string, pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code = "no reason told" } = error as NodeJS.ErrnoException;
    // ESRCH: it went by itself.
    if (code !== "ESRCH") throw new Error(saysStays(name, pid, code));
  }
}
