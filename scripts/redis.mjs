// A Redis for the tests: whichever is on the PATH, else Debian's own, which any user may have. apt fetches the packages and
// checks their signatures as it always does; they are unpacked beside instead of installed, so nothing asks for root and
// nothing of the machine is changed.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const BY_HAND =
  "apt-get install redis-server (Debian, Ubuntu), dnf install valkey (Fedora), brew install redis (macOS)";
const FETCH_DEADLINE_MS = 180_000;

/** The directory to put first on the PATH so that `redis-server` and `redis-cli` are there; "" where they are already. */
export function redisDirectory(environment = process.env) {
  if (["redis-server", "redis-cli"].every((program) => answers(program, environment))) return "";
  const directory = cachedRedis(environment);
  if (answers(join(directory, "bin/redis-server"), environment)) return join(directory, "bin");
  if (["valkey-server", "valkey-cli"].every((program) => answers(program, environment)))
    return valkeyByRedisName(directory);
  if (!answers("apt-get", environment)) throw new Error(`There is no Redis here: ${BY_HAND}.`);
  console.log(`redis      none on the PATH; fetching Debian's, once, to ${directory} (nothing is installed)`);
  try {
    fetchRedis(directory, environment);
  } catch (error) {
    throw new Error(`There is no Redis here, and Debian's could not be had (${error.message}): ${BY_HAND}.`);
  }
  return join(directory, "bin");
}

export function withFirstOnPath(directory, { PATH = "" } = process.env) {
  return directory === "" ? PATH : `${directory}${delimiter}${PATH}`;
}

function cachedRedis(environment) {
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), ".cache");
  return join(cache, "kinopass", `redis-${process.arch}`);
}

/** Fetches and unpacks into `directory`, which is there whole or not at all. */
export function fetchRedis(directory, environment = process.env) {
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(`${directory}.`);
  try {
    for (const folder of ["lists/partial", "cache/archives/partial", "bin"])
      mkdirSync(join(fresh, folder), { recursive: true });
    const apt = (...args) => run("apt-get", [...aptHome(fresh), ...args], environment);
    apt("update");
    // --reinstall: also where the machine has one and only this PATH does not. What else Redis needs and the machine
    // has not comes along.
    const fetched = ["--reinstall", "--no-install-recommends", "--download-only", "--yes"];
    apt("install", ...fetched, "redis-server", "redis-tools");
    const archives = join(fresh, "cache/archives");
    for (const archive of readdirSync(archives).filter((name) => name.endsWith(".deb")))
      run("dpkg-deb", ["--extract", join(archives, archive), join(fresh, "root")], environment);
    for (const folder of ["lists", "cache"]) rmSync(join(fresh, folder), { recursive: true });
    for (const program of ["redis-server", "redis-cli"]) launcher(fresh, program);
    run(join(fresh, "bin/redis-server"), ["--version"], environment);
    rmSync(directory, { recursive: true, force: true });
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** apt with directories of its own, so that it needs none of the machine's locks. */
function aptHome(home) {
  return [
    "-qq",
    ...[
      `Dir::State::Lists=${join(home, "lists")}`,
      `Dir::Cache=${join(home, "cache")}`,
      "Debug::NoLocking=true",
      "Acquire::Languages=none",
      "Acquire::Retries=2",
      "Acquire::http::Timeout=20",
      "Acquire::https::Timeout=20",
      // As root, apt would fetch as a user who may not write here.
      "APT::Sandbox::User=root",
    ].flatMap((option) => ["-o", option]),
  ];
}

/** A program that finds its libraries beside itself; `exec`, so that signals reach it and not a shell. */
function launcher(directory, program) {
  const script = `#!/bin/sh
beside=$(dirname "$0")/../root
for libraries in "$beside"/usr/lib/*-linux-gnu* "$beside"/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH="$LD_LIBRARY_PATH\${LD_LIBRARY_PATH:+:}$libraries"
done
export LD_LIBRARY_PATH
exec "$beside/usr/bin/${program}" "$@"
`;
  writeFileSync(join(directory, "bin", program), script);
  chmodSync(join(directory, "bin", program), 0o755);
}

/** Valkey under the names that the tests call. */
function valkeyByRedisName(directory) {
  const bin = join(`${directory}-valkey`, "bin");
  mkdirSync(bin, { recursive: true });
  for (const program of ["server", "cli"]) {
    writeFileSync(join(bin, `redis-${program}`), `#!/bin/sh\nexec valkey-${program} "$@"\n`);
    chmodSync(join(bin, `redis-${program}`), 0o755);
  }
  return bin;
}

function answers(program, env) {
  return spawnSync(program, ["--version"], { stdio: "ignore", env, timeout: 5_000 }).status === 0;
}

function run(program, args, env) {
  const { status, error, stderr } = spawnSync(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: FETCH_DEADLINE_MS,
  });
  if (status === 0) return;
  const said = error?.message ?? stderr.trim().split("\n").at(-1);
  throw new Error(`${program} ${args.at(-1)}: ${said}`);
}
