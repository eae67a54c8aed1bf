/**
 * A part of the stand that died by itself is started again, with one line said: the stand goes on as
 * the cinema would. One that dies again and again is left alone. A drill may hold a service down for as
 * long as the drill itself lives.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What keeps running: a service, a database server. */
export interface Living {
  /** Resolves when its process ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** A service that lived this long has come up properly; its next death counts as the first. */
const CAME_UP_MS = 10_000;
const MOST_DEATHS = 5;
const LOOK_AGAIN_MS = 200;

export interface Kept<T extends Living> {
  readonly name: string;
  readonly home: string;
  /** Where it says why, if anywhere. */
  readonly log?: string;
  start(again: boolean): Promise<T>;
  /** Told of every process that came up, the first one too. */
  started(service: T): void;
  say(line: string): void;
  /** Whether the stand is on its way out: then nothing is started again. */
  stopping(): boolean;
}

/** Starts it, and again whenever it ends by itself. Resolves when the first process is ready; rejects if that fails. */
export async function keepRunning<T extends Living>(kept: Kept<T>): Promise<{ stop(): Promise<void> }> {
  let service = await kept.start(false);
  kept.started(service);
  let again: Promise<void> | undefined;
  const watch = () => {
    const bornAt = performance.now();
    void service.ended.then(() => {
      if (kept.stopping()) return;
      again = restart(kept, performance.now() - bornAt < CAME_UP_MS ? 1 : 0).then((next) => {
        if (next === undefined) return;
        service = next;
        kept.started(service);
        watch();
      });
    });
  };
  watch();
  return {
    stop: async () => {
      await again;
      await service.stop();
    },
  };
}

async function restart<T extends Living>(kept: Kept<T>, deathsBefore: number): Promise<T | undefined> {
  const { say, stopping } = kept;
  say(`ended unexpectedly; starting it again${kept.log === undefined ? "" : ` (its log is ${kept.log})`}`);
  for (let deaths = deathsBefore; deaths < MOST_DEATHS && !stopping(); deaths += 1) {
    await untilReleased(kept);
    if (stopping()) return undefined;
    try {
      return await kept.start(true);
    } catch (error) {
      if (stopping()) return undefined;
      say(String(error instanceof Error ? error.message : error).split("\n")[0] ?? "it did not start");
      await pause(Math.min(5_000, 500 * 2 ** deaths));
    }
  }
  if (!stopping()) say("is left down after several tries. The rest goes on; Ctrl-C stops it.");
  return undefined;
}

async function untilReleased({
  home,
  name,
  stopping,
}: Pick<Kept<Living>, "home" | "name" | "stopping">): Promise<void> {
  while (isHeld(home, name) && !stopping()) await pause(LOOK_AGAIN_MS);
}

/** `<home>/hold-<name>` holds the process id of whoever wants it down; a dead one wants nothing. */
function isHeld(home: string, name: string): boolean {
  try {
    const pid = Number(readFileSync(join(home, `hold-${name}`), "utf8"));
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
}
