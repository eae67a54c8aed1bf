/** The Auth that runs, without its PostgreSQL: keys come from its memory, and nobody can renew a token. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createGuard } from "@kinopass/guard";
import { Recorder } from "@kinopass/guard/testing";
import { type Ground, openGround } from "./ground.test-support.ts";

/** Auth's heartbeat comes every five seconds. */
const TIMINGS = {
  keysPollMs: 700,
  keysRetryMs: 500,
  answerMs: 3_000,
  feedSilenceMs: 7_000,
  feedRetryMs: 200,
  feedRetryCapMs: 600,
  provenAwayMs: 3_000,
  startMs: 5_000,
  tickMs: 100,
};

function signal(pid: number, name: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  for (const each of [pid, ...children.split(" ").map(Number)]) process.kill(each, name);
}

const TROUBLES = {
  frozen: {
    begin: ({ postgres }: Ground) => signal(postgres.pid(), "SIGSTOP"),
    end: ({ postgres }: Ground) => signal(postgres.pid(), "SIGCONT"),
  },
  stopped: {
    begin: ({ postgres }: Ground) => postgres.stop(),
    end: ({ postgres }: Ground) => postgres.restart(),
  },
} as const;

test("a guard holds Auth for away as long as its database is, however often the keys come, and no longer", async (t) => {
  if (process.platform !== "linux") return t.skip("the server's processes are found in /proc");
  const ground = await openGround(t);
  const recorder = new Recorder();
  const guard = createGuard({
    issuer: ground.auth.url,
    audience: "kinopass",
    credential: {
      id: ground.env["CATALOG_SERVICE_ID"] ?? "",
      secret: ground.env["CATALOG_SERVICE_SECRET"] ?? "",
    },
    metrics: recorder,
    logger: recorder,
    timings: TIMINGS,
  });
  t.after(() => guard.stop());
  await guard.start();
  let outages = 0;
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    await recorder.state("fresh");
    await trouble.begin(ground);
    try {
      await recorder.state("away");
      outages += 1;
      const keys = recorder.counted("guard_probes", "keys", "success");
      await recorder.reached(keys + 4, "guard_probes", "keys", "success");
      assert.equal(guard.status().state, "away", name);
      assert.equal(recorder.counted("guard_state_changes", "away"), outages, `${name}: one outage is one`);
    } finally {
      await trouble.end(ground);
    }
  }
  await recorder.state("fresh");
});
