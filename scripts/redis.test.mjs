import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fetchRedis, redisDirectory } from "./redis.mjs";

const aptIsThere = spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status === 0;

test("whoever has no Redis gets Debian's beside, unpacked and running, with nothing else left behind", {
  skip: aptIsThere ? false : "needs apt-get",
}, (t) => {
  const cache = folder(t);
  const directory = join(cache, "redis");
  try {
    fetchRedis(directory);
  } catch (error) {
    // A machine without a network has no other way to tell.
    if (/apt-get (update|redis-tools):/.test(error.message)) return t.skip(error.message);
    throw error;
  }
  assert.deepEqual(readdirSync(cache), ["redis"]);
  assert.deepEqual(readdirSync(directory).sort(), ["bin", "root"]);
  for (const program of ["redis-server", "redis-cli"])
    assert.match(
      execFileSync(join(directory, "bin", program), ["--version"], { encoding: "utf8" }),
      /\d\.\d/,
    );
});

test("where apt fails, the message tells why and what to do, and the cache is as it was", (t) => {
  const cache = folder(t);
  const bin = folder(t);
  program(bin, "apt-get", '[ "$1" = --version ] || { echo "E: no such source" >&2; exit 100; }');
  assert.throws(
    () => redisDirectory({ PATH: bin, XDG_CACHE_HOME: cache }),
    /could not be had \(apt-get update: E: no such source\): apt-get install redis-server \(Debian/,
  );
  assert.deepEqual(readdirSync(join(cache, "kinopass")), []);
});

test("a machine without apt is told what to install", (t) => {
  assert.throws(
    () => redisDirectory({ PATH: folder(t), XDG_CACHE_HOME: folder(t) }),
    /There is no Redis here: apt-get install redis-server .* brew install redis/,
  );
});

test("Valkey answers to the names the tests call", (t) => {
  const bin = folder(t);
  for (const name of ["valkey-server", "valkey-cli"]) program(bin, name, `echo "${name} $1"`);
  const directory = redisDirectory({ PATH: bin, XDG_CACHE_HOME: folder(t) });
  for (const name of ["server", "cli"])
    assert.equal(
      execFileSync(join(directory, `redis-${name}`), ["--port"], { env: { PATH: bin }, encoding: "utf8" }),
      `valkey-${name} --port\n`,
    );
});

function folder(t) {
  const made = mkdtempSync(join(tmpdir(), "kinopass-redis-test-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function program(directory, name, script) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}
