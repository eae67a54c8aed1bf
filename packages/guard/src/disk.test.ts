import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Disk } from "./disk.ts";

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

test("a copy that others may write, or that is a link, is not ours", async (t) => {
  const { directory, disk, path } = await setUp(t);
  await disk.write("keys.json", {}, 17);
  await chmod(path, 0o666);
  assert.equal(await disk.read("keys.json"), undefined);
  await chmod(path, 0o600);
  await symlink(path, join(directory, "link.json"));
  assert.equal(await disk.read("link.json"), undefined);
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
