import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type TestContext, test } from "node:test";
import { TOGETHER } from "./hash-thread.ts";
import { HashLane } from "./lane.ts";

const CHEAP = { memoryKib: 64, iterations: 1, parallelism: 1 };
/** Some tens of milliseconds. */
const DEAR = { memoryKib: 19_456, iterations: 2, parallelism: 1 };

/** Who may wait for long is not sent away by a machine that has other work. */
const PATIENT = { longestWaitMs: 60_000 };

function startLane(t: TestContext, given: { workers?: number; longestWaitMs?: number } = {}): HashLane {
  const lane = new HashLane({ workers: 1, ...given });
  t.after(() => lane.close());
  return lane;
}

const hash = (lane: HashLane, cost = CHEAP) => lane.run({ kind: "hash", password: "four green boots", cost });

test("a hash verifies the password it was made of and no other", async (t) => {
  const lane = startLane(t);
  const phc = String(await hash(lane));
  assert.match(phc, /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  assert.equal(await lane.run({ kind: "verify", password: "four green boots", hash: phc }), true);
  assert.equal(await lane.run({ kind: "verify", password: "four green boot", hash: phc }), false);
});

test("who would wait longer than half a second is sent away at once", async (t) => {
  const lane = startLane(t);
  await hash(lane, DEAR);
  const told: string[] = [];
  await Promise.all(
    Array.from({ length: 200 }, () =>
      hash(lane, DEAR).then(
        () => told.push("hashed"),
        ({ code, headers }: { code: string; headers: Record<string, string> }) =>
          told.push(`${code} ${headers["retry-after"]}`),
      ),
    ),
  );
  assert.deepEqual([...new Set(told)].sort(), ["busy_try_again 1", "hashed"]);
  // Most are told on the spot, before anything is hashed; the rest were promised a turn that came too late.
  const atOnce = told.indexOf("hashed");
  assert.ok(atOnce > 100, `${atOnce} were told at once`);
  assert.deepEqual(lane.load, { working: 0, waiting: 0 });
});

test("who is let in is counted at the door, before the first hash begins, and makes room on leaving", async (t) => {
  const lane = startLane(t);
  const leaving: (() => void)[] = [];
  const fill = () => {
    for (let tries = 0; tries < 1_000; tries += 1) leaving.push(lane.enter());
  };
  assert.throws(fill, { code: "busy_try_again", status: 503 });
  const most = leaving.length;
  assert.ok(most > 1 && most < 100, `${most} were let in`);
  assert.equal(lane.refusal()?.code, "busy_try_again");
  leaving.pop()?.();
  leaving.push(lane.enter());
  for (const leave of leaving.splice(0)) leave();
  assert.throws(fill, { code: "busy_try_again" });
  assert.equal(leaving.length, most);
});

test("a thread that dies is replaced, and whoever it worked for is asked to try again", async (t) => {
  const lane = startLane(t, PATIENT);
  await hash(lane, DEAR);
  // So many go to the thread together; who comes then waits for another turn.
  const lost = Array.from({ length: TOGETHER }, () => hash(lane, DEAR));
  const next = hash(lane);
  const refused = Promise.all(
    lost.map((one) => assert.rejects(one, { code: "busy_try_again", status: 503 })),
  );
  await lane.threads[0]?.close();
  await refused;
  assert.match(String(await next), /^\$argon2id\$/);
  assert.match(String(await hash(lane)), /^\$argon2id\$/);
  assert.deepEqual(lane.load, { working: 0, waiting: 0 });
});

test("many at once share few threads, and everybody has the answer to their own question", async (t) => {
  const lane = startLane(t, { workers: 2, ...PATIENT });
  const passwords = Array.from({ length: 40 }, (_, n) => `four green boots ${n}`);
  const hashes = await Promise.all(
    passwords.map((password) => lane.run({ kind: "hash", password, cost: CHEAP })),
  );
  const answers = await Promise.allSettled(
    passwords.map((password, n) =>
      lane.run(
        n % 3 === 0
          ? { kind: "verify", password, hash: "not a hash" }
          : { kind: "verify", password, hash: String(hashes[(n + (n % 3) - 1) % 40]) },
      ),
    ),
  );
  assert.deepEqual(
    answers.map((one) => (one.status === "fulfilled" ? one.value : "refused")),
    passwords.map((_, n) => ["refused", true, false][n % 3]),
  );
});

test("nobody waits for the last of those who came together", async (t) => {
  const lane = startLane(t, PATIENT);
  const before = [hash(lane), hash(lane)];
  let isLastDone = false;
  const last = hash(lane, { ...DEAR, iterations: 20 }).then(() => {
    isLastDone = true;
  });
  await Promise.all(before);
  assert.equal(isLastDone, false, "the first were answered with the last");
  await last;
});

test("a hash that cannot be read refuses one caller and leaves the lane as it was", async (t) => {
  const lane = startLane(t);
  await assert.rejects(lane.run({ kind: "verify", password: "x", hash: "not a hash" }), {
    code: "busy_try_again",
  });
  assert.match(String(await hash(lane)), /^\$argon2id\$/);
});

test("a closed lane sends away who waits and who comes", async () => {
  const lane = new HashLane({ workers: 1 });
  const working = Array.from({ length: TOGETHER }, () =>
    hash(lane, DEAR).catch((error: { code: string }) => error.code),
  );
  const refused = assert.rejects(hash(lane), { code: "busy_try_again" });
  await lane.close();
  await refused;
  // It was too late to stop, or it was stopped; in neither case does anybody wait for ever.
  for (const one of working) assert.match(String(await one), /^(\$argon2id\$.*|busy_try_again)$/);
  await assert.rejects(hash(lane), { code: "busy_try_again" });
});

test("hashing threads stand behind the event loop", { skip: process.platform !== "linux" }, async (t) => {
  const lane = startLane(t);
  await hash(lane);
  // Field 19 of proc(5) stat is the niceness; the name in parentheses may hold spaces.
  const nicenessOf = (tid: string | number) =>
    Number(readFileSync(`/proc/self/task/${tid}/stat`, "utf8").split(") ")[1]?.split(" ")[16]);
  const [own = 0, others] = [nicenessOf(process.pid), readdirSync("/proc/self/task").map(nicenessOf)];
  assert.ok(others.includes(Math.min(19, own + 10)), `ours ${own}, of all threads ${others.join(" ")}`);
});

test("the event loop goes on while the lane is full", async (t) => {
  const lane = startLane(t, { workers: 2 });
  await hash(lane, DEAR);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await Promise.allSettled(Array.from({ length: 60 }, () => hash(lane, DEAR)));
  delay.disable();
  const medianMs = delay.percentile(50) / 1e6;
  assert.ok(medianMs < 50, `the median tick came ${medianMs.toFixed(1)} ms late`);
});
