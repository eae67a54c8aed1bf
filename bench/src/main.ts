/** `npm run bench -- [name …]`: runs the published figures again. Without a name it lists them. */
import { benchAuthClient } from "./auth-client.ts";
import { benchAuthLoad } from "./auth-load.ts";
import { benchCatalog } from "./catalog.ts";
import { benchColdStart } from "./cold-start.ts";
import { benchFlood } from "./flood.ts";
import { benchGuard } from "./guard.ts";
import { benchLimits } from "./limits.ts";
import { benchRefresh } from "./refresh.ts";
import { type Figure, print } from "./report.ts";
import { benchRevocation } from "./revocation.ts";
import { benchSignIn } from "./sign-in.ts";
import { benchStartUp } from "./start-up.ts";
import { benchTracing } from "./tracing.ts";

const benches: Readonly<
  Record<string, readonly [string, (parameter?: string) => Promise<readonly Figure[]>]>
> = {
  "sign-in": ["sign-in throughput ÷ raw argon2id throughput", benchSignIn],
  refresh: ["refresh throughput ÷ the same SQL by pgbench", benchRefresh],
  catalog: ["film page with a signed-in caller ÷ without", benchCatalog],
  guard: ["what it takes to know a caller ÷ what jose alone takes", benchGuard],
  "auth-client": ["attempts of the typed client ÷ calls, with Auth in trouble", benchAuthClient],
  "auth-load": ["requests at Auth while the catalog serves signed-in viewers (auth-load=N)", benchAuthLoad],
  revocation: ["from Auth's answer to a sign-out until every catalog refuses the token", benchRevocation],
  "cold-start": ["a restart of the catalog while Auth is frozen or dead", benchColdStart],
  tracing: [
    "throughput with tracing off, at 1 % and at 100 % ÷ without tracing code (tracing=auth, =catalog)",
    benchTracing,
  ],
  flood: ["ten times the sign-ins that can be verified; who else still is served", benchFlood],
  limits: ["a decision ÷ a no-op in Redis; a refused flood", benchLimits],
  "start-up": ["time to ready, memory when idle", benchStartUp],
};

/** `name`, or `name=parameter` where a measurement takes one. */
const asked = process.argv.slice(2).map((argument) => argument.split("=") as [string, string?]);
const names = asked.map(([name]) => name);
const unknown = names.filter((name) => name !== "all" && !(name in benches));
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no bench called ${unknown.join(", ")}.`);
  console.log("npm run bench -- NAME …   (or all)\n");
  for (const [name, [what]] of Object.entries(benches)) console.log(`  ${name.padEnd(12)} ${what}`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  const chosen: readonly [string, string?][] = names.includes("all")
    ? Object.keys(benches).map((name) => [name])
    : asked;
  for (const [name, parameter] of chosen) {
    const [what, measure] = benches[name] ?? ["", async () => []];
    if (!print(`${name}: ${what}`, await measure(parameter))) process.exitCode = 1;
  }
}
