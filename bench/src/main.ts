/** `npm run bench -- [name …]`: runs the published figures again. Without a name it lists them. */
import { benchCatalog } from "./catalog.ts";
import { benchRefresh } from "./refresh.ts";
import { type Figure, print } from "./report.ts";
import { benchSignIn } from "./sign-in.ts";
import { benchStartUp } from "./start-up.ts";

const benches: Readonly<Record<string, readonly [string, () => Promise<readonly Figure[]>]>> = {
  "sign-in": ["sign-in throughput ÷ raw argon2id throughput", benchSignIn],
  refresh: ["refresh throughput ÷ the same SQL by pgbench", benchRefresh],
  catalog: ["film page with a signed-in caller ÷ without", benchCatalog],
  "start-up": ["time to ready, memory when idle", benchStartUp],
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => name !== "all" && !(name in benches));
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no bench called ${unknown.join(", ")}.`);
  console.log("npm run bench -- NAME …   (or all)\n");
  for (const [name, [what]] of Object.entries(benches)) console.log(`  ${name.padEnd(12)} ${what}`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  const chosen = names.includes("all") ? Object.keys(benches) : names;
  for (const name of chosen) {
    const [what, measure] = benches[name] ?? ["", async () => []];
    if (!print(`${name}: ${what}`, await measure())) process.exitCode = 1;
  }
}
