import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DEFAULT_POLICIES, type Policies } from "./policies.ts";
import { followLimits, followPolicyFile, readPolicyFile } from "./policy-file.ts";

function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-limits-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "limits.json");
  let time = 1_700_000_000;
  const write = (text: string) => {
    writeFileSync(file, text);
    time += 10;
    utimesSync(file, time, time);
  };
  return { file, write };
}

test("a file says only what differs; a mistake keeps the service from starting", (t) => {
  const { file, write } = setUp(t);
  write('{"dryRun": true}');
  assert.deepEqual(readPolicyFile(file), { ...DEFAULT_POLICIES, dryRun: true });
  write('{"dryrun": true}');
  assert.throws(() => readPolicyFile(file), { code: "policies_invalid" });
  write("{");
  assert.throws(() => readPolicyFile(file), SyntaxError);
});

test("a changed file is taken without a restart; a broken one changes nothing and is told", async (t) => {
  const { file, write } = setUp(t);
  write("{}");
  const taken: Policies[] = [];
  const mistakes: unknown[] = [];
  let { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const again = () => {
    ({ promise: told, resolve: tell } = Promise.withResolvers<void>());
  };
  const stop = followPolicyFile({
    file,
    everyMs: 5,
    limiter: { setPolicies: (policies) => void taken.push(policies) },
    onChange: () => tell(),
    onMistake: (error) => {
      mistakes.push(error);
      tell();
    },
  });
  t.after(stop);
  write('{"dryRun": true}');
  await told;
  assert.equal(taken.at(-1)?.dryRun, true);
  again();
  write("{");
  await told;
  assert.equal(taken.length, 1);
  assert.ok(mistakes[0] instanceof SyntaxError);
});

test("a service's log says what came of a change; without a file nothing is followed", async (t) => {
  const { file, write } = setUp(t);
  write("{}");
  const log: [string, object, string][] = [];
  let { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const logged = (level: string) => (what: object, text: string) => {
    log.push([level, what, text]);
    tell();
  };
  const given = {
    logger: { info: logged("info"), error: logged("error") },
    limiter: { setPolicies: () => {} },
    everyMs: 5,
  };
  followLimits({ ...given, file: undefined })();
  t.after(followLimits({ ...given, file }));
  write('{"dryRun": true}');
  await told;
  ({ promise: told, resolve: tell } = Promise.withResolvers<void>());
  write("{");
  await told;
  assert.deepEqual(
    log.map(([level, , text]) => [level, text]),
    [
      ["info", "limits changed"],
      ["error", "the limits stay as they were"],
    ],
  );
  assert.ok(log.every(([, what]) => (what as { file: string }).file === file));
});
