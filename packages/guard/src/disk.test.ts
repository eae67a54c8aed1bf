import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Disk } from "./disk.ts";
import { keptPieces, readKeptRevocations } from "./revocations/kept-revocations.ts";

const ISSUER = "https://auth.test";

async function setUp(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), "kinopass-disk-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return { directory, disk: new Disk(directory, ISSUER), path: join(directory, "keys.json") };
}

test("what was written is read again, private, with nothing left beside it", async (t) => {
  const { directory, disk, path } = await setUp(t);
  await disk.write("keys.json", { keys: [1] }, 17);
  await disk.write("keys.json", { keys: [2] }, 18);
  assert.deepEqual(await disk.read("keys.json"), { savedAtMs: 18, body: { keys: [2] } });
  assert.deepEqual(await readdir(directory), ["keys.json"]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("revocations are written in pieces and read as they were, however many", async (t) => {
  const { disk } = await setUp(t);
  for (const many of [0, 1, 499, 500, 501, 1_000, 20_000]) {
    const revocations = Array.from({ length: many }, (_, index) =>
      index % 3 === 0
        ? ({
            kind: "account",
            accountId: `"ü\n${index}`,
            beforeMs: index,
            because: "token_outdated",
          } as const)
        : ({ kind: "session", sessionId: `s${index}`, atMs: index } as const),
    );
    await disk.writePieces("revocations.json", keptPieces(revocations), many);
    const kept = (await disk.read("revocations.json")) ?? assert.fail(`${many}`);
    assert.equal(kept.savedAtMs, many);
    assert.deepEqual(readKeptRevocations(kept.body), revocations);
  }
});

test("a place where no directory can be made is told, with its parents made where one can", async (t) => {
  const { directory } = await setUp(t);
  const deep = new Disk(join(directory, "one", "two"), ISSUER);
  await deep.write("keys.json", 1, 17);
  assert.deepEqual(await deep.read("keys.json"), { savedAtMs: 17, body: 1 });
  assert.equal((await stat(join(directory, "one"))).mode & 0o777, 0o700);
  await writeFile(join(directory, "file"), "");
  await assert.rejects(new Disk(join(directory, "file"), ISSUER).write("keys.json", 1, 17), /EEXIST/);
  if (process.platform !== "linux") return;
  for (const impossible of ["/proc/kinopass", "/proc/one/two"])
    await assert.rejects(new Disk(impossible, ISSUER).write("keys.json", 1, 17), /ENOENT/);
});

test("a copy that is absent, cut, changed or of another issuer is none", async (t) => {
  const { directory, disk, path } = await setUp(t);
  assert.equal(await disk.read("keys.json"), undefined);
  await disk.write("keys.json", { keys: ["first"] }, 17);
  const good = await readFile(path, "utf8");
  const bad = [
    "",
    "null",
    good.slice(0, good.length / 2),
    good.replace("first", "third"),
    good.replace("17", "18"),
    good.replace('"version":1', '"version":2'),
  ];
  for (const text of bad) {
    await writeFile(path, text);
    assert.equal(await disk.read("keys.json"), undefined, text);
  }
  await writeFile(path, good);
  assert.notEqual(await disk.read("keys.json"), undefined);
  assert.equal(await new Disk(directory, "https://other.test").read("keys.json"), undefined);
});

test("a copy that others may write, or that is a link, a pipe or a directory, is not ours", async (t) => {
  const { directory, disk, path } = await setUp(t);
  await disk.write("keys.json", {}, 17);
  await chmod(path, 0o666);
  assert.equal(await disk.read("keys.json"), undefined);
  await chmod(path, 0o600);
  await symlink(path, join(directory, "link.json"));
  assert.equal(await disk.read("link.json"), undefined);
  await mkdir(join(directory, "directory.json"));
  assert.equal(await disk.read("directory.json"), undefined);
  if (process.platform === "win32") return;
  execFileSync("/bin/sh", ["-c", 'mkfifo -m 600 "$0"', join(directory, "pipe.json")]);
  assert.equal(await disk.read("pipe.json"), undefined, "and nobody waits for it");
});

test("a copy that somebody else owns is not ours, whatever its mode", {
  skip: process.getuid?.() !== 0 && "only root can give a file away",
}, async (t) => {
  const { disk, path } = await setUp(t);
  await disk.write("keys.json", {}, 17);
  await chown(path, 65_534, 65_534);
  assert.equal(await disk.read("keys.json"), undefined);
});

const WRITER = `
  const { Disk } = await import(${JSON.stringify(new URL("./disk.js", import.meta.url).href)});
  const disk = new Disk(process.argv[1], ${JSON.stringify(ISSUER)});
  for (let round = 1; ; round += 1) {
    const written = disk.write("keys.json", { round, filler: "x".repeat(8_000_000) }, round);
    setImmediate(() => process.stdout.write(".".repeat(64)));
    await written;
  }`;

/** Says so and halts when so many pieces of a copy were written, and is there to be killed. */
const HALTING_WRITER = `
  const { writeSync } = await import("node:fs");
  const { Disk } = await import(${JSON.stringify(new URL("./disk.js", import.meta.url).href)});
  function* body(pieces) {
    for (let piece = 0; piece < pieces; piece += 1) yield "1".repeat(100_000);
    writeSync(1, ".");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  const [, directory, pieces] = process.argv;
  await new Disk(directory, ${JSON.stringify(ISSUER)}).writePieces("keys.json", body(Number(pieces)), 2);`;

test("a process that is killed while it writes leaves a whole copy, and rubbish that is cleared away", {
  timeout: 120_000,
}, async (t) => {
  const { directory, disk } = await setUp(t);
  await disk.write("keys.json", { round: 0 }, 1);
  for (let pieces = 0; pieces < 4; pieces += 1) {
    const child = spawn(
      process.execPath,
      ["--input-type=module", "--eval", HALTING_WRITER, directory, String(pieces)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual((await disk.read("keys.json"))?.body, { round: 0 });
  }
  const rubbish = (await readdir(directory)).filter((name) => name !== "keys.json");
  assert.equal(rubbish.length, 4);
  const [abandoned = "", ...others] = rubbish;
  await utimes(join(directory, abandoned), 1_000, 1_000);
  for (const other of others) await utimes(join(directory, other), 2_000, 2_000);
  await writeFile(join(directory, "not-ours.tmp"), "");
  await utimes(join(directory, "not-ours.tmp"), 1_000, 1_000);
  await disk.tidy(2_000_000);
  assert.deepEqual((await readdir(directory)).sort(), [...others, "keys.json", "not-ours.tmp"].sort());
});

test("a process that is killed wherever it was leaves a whole copy, and readers beside it never see half a one", {
  timeout: 120_000,
}, async (t) => {
  const { directory, disk } = await setUp(t);
  await disk.write("keys.json", { round: 0 }, 1);
  for (let death = 1; death <= 8; death += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", WRITER, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    // Each dies a little further into its work.
    for (let heard = 0; heard < death; heard += 1) {
      const [seen] = await Promise.all([disk.read("keys.json"), once(child.stdout, "data")]);
      assert.notEqual(seen, undefined, "a reader beside it sees the old copy or the new one");
    }
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.notEqual(await disk.read("keys.json"), undefined, `death ${death}`);
  }
});

test("a disk that is full in the middle of a write costs the write, not the last good copy", {
  skip: process.platform === "win32" && "no such limit there",
}, async (t) => {
  const { directory, disk } = await setUp(t);
  await disk.write("keys.json", { keys: [1] }, 17);
  // No file may grow past a few kilobytes: the write begins, and fails half-way.
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      `trap '' XFSZ; ulimit -f 16; exec "$0" "$@"`,
      process.execPath,
      "--input-type=module",
      "--eval",
      WRITER,
      directory,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [status] = await once(child, "exit");
  assert.equal(status, 1);
  assert.match(said, /EFBIG/);
  assert.deepEqual(await readdir(directory), ["keys.json"]);
  assert.deepEqual(await disk.read("keys.json"), { savedAtMs: 17, body: { keys: [1] } });
});

test("a write that fails leaves the last good copy and no rubbish", async (t) => {
  const { directory, disk } = await setUp(t);
  await disk.write("keys.json", { keys: [1] }, 17);
  await mkdir(join(directory, "taken"));
  await writeFile(join(directory, "taken", "x"), "");
  await assert.rejects(disk.write("taken", {}, 18));
  assert.deepEqual((await readdir(directory)).sort(), ["keys.json", "taken"]);
  assert.deepEqual(await disk.read("keys.json"), { savedAtMs: 17, body: { keys: [1] } });
});
