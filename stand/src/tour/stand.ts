import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedStand } from "../settings.ts";
import { Surprise } from "./show.ts";

export interface Stand {
  readonly auth: string;
  readonly catalog: string;
  readonly stand: string;
  /** Whether a restart forgets what was counted: not where the Redis is the person's own. */
  readonly forgets: boolean;
}

export function runningStand(home: string): Stand {
  const file = join(home, "stand.json");
  if (!existsSync(file))
    throw new Surprise("No stand is running here. Start it in another terminal: npm start");
  const { addresses, env, pids } = JSON.parse(readFileSync(file, "utf8")) as PublishedStand;
  const { auth = "", catalog = "", stand = "" } = addresses;
  return { auth, catalog, stand, forgets: env["REDIS_URL"] === undefined || pids["redis"] !== undefined };
}
