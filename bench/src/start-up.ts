import { readFileSync } from "node:fs";
import { openGround } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const ROUNDS = 3;
const SETTLE_MS = 5_000;

/** How soon each service is ready on data that is there, and what it holds when nobody asks for anything. */
export async function benchStartUp(): Promise<Figure[]> {
  const seen = {
    auth: [] as number[],
    catalog: [] as number[],
    authMemory: [] as number[],
    catalogMemory: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const ground = await openGround();
    try {
      await new Promise((next) => setTimeout(next, SETTLE_MS));
      seen.auth.push(ground.auth.readyMs);
      seen.catalog.push(ground.catalog.readyMs);
      seen.authMemory.push(residentMiB(ground.auth.pid));
      seen.catalogMemory.push(residentMiB(ground.catalog.pid));
    } finally {
      await ground.stop();
    }
  }
  return [
    { name: "Auth ready on an empty database", value: median(seen.auth), unit: "ms" },
    { name: "catalog ready, films imported", value: median(seen.catalog), unit: "ms" },
    {
      name: "Auth, resident when idle",
      value: median(seen.authMemory),
      unit: "MiB",
      target: { atMost: 130 },
    },
    { name: "catalog, resident when idle", value: median(seen.catalogMemory), unit: "MiB" },
  ];
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
