import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type Environment, processEnvironment } from "../config.ts";

// Jaeger v2 has no Go module path of its own (a v2 module would have to end in /v2), so the Go proxy knows it by the v1
// tag of the same commit. v1.76.0 is where v2.13.0 was cut.
const MODULE = "github.com/jaegertracing/jaeger";
const MODULE_VERSION = "v1.76.0";
const JAEGER_VERSION = "v2.13.0";
/** What the module must hash to (go.sum's h1). Its own go.sum does the same for everything it requires. */
const MODULE_SUM = "h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=";
const DOWNLOAD_DEADLINE_MS = 5 * 60_000;
const BUILD_DEADLINE_MS = 20 * 60_000;

export type JaegerBinary =
  | { readonly kind: "found"; readonly path: string }
  /** `missing` says what is not there and how to get it. */
  | { readonly kind: "missing"; readonly missing: string };

/** JAEGER_BIN, else `jaeger` on PATH, else one built before. */
export async function findJaeger(environment: Environment = processEnvironment()): Promise<JaegerBinary> {
  const named = environment["JAEGER_BIN"];
  if (named !== undefined && named !== "") {
    if (await isExecutable(named)) return { kind: "found", path: named };
    return { kind: "missing", missing: `JAEGER_BIN=${named} is not a program that can be run` };
  }
  const onPath = (environment["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "jaeger"));
  for (const path of [...onPath, cachedBinary(environment)]) {
    if (await isExecutable(path)) return { kind: "found", path };
  }
  return {
    kind: "missing",
    missing:
      `no jaeger: put Jaeger v2 (https://www.jaegertracing.io/download/) on PATH, or its path into JAEGER_BIN, ` +
      `or install Go, with which it is built once into ${cachedBinary(environment)}`,
  };
}

/**
 * As `findJaeger`; where there is none and Go is at hand, builds it from its Go module into the user's cache. The first
 * time that takes several minutes; processes that want it at the same time wait for one build.
 */
export async function findOrBuildJaeger(
  environment: Environment = processEnvironment(),
): Promise<JaegerBinary> {
  const found = await findJaeger(environment);
  const asked = environment["JAEGER_BIN"] ?? "";
  if (found.kind === "found" || asked !== "") return found;
  if ((await go(["version"], ".", environment, 10_000).catch(() => undefined)) === undefined) return found;
  const target = cachedBinary(environment);
  try {
    await onlyOne(`${target}.building`, target, () => build(target, environment));
    return { kind: "found", path: target };
  } catch (error) {
    return { kind: "missing", missing: `${found.missing}; building it failed: ${String(error)}` };
  }
}

function cachedBinary(environment: Environment): string {
  const cache = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  return join(cache, "kinopass", `jaeger-${JAEGER_VERSION}`, "jaeger");
}

/**
 * `go install module@version` refuses modules with replace directives, and a module that requires Jaeger would have to be
 * given all its checksums anew. So it is built where Go unpacked it, against its own go.mod and go.sum, read only.
 */
async function build(target: string, environment: Environment): Promise<void> {
  const download = ["mod", "download", "-json", `${MODULE}@${MODULE_VERSION}`];
  const told = JSON.parse(await go(download, ".", environment, DOWNLOAD_DEADLINE_MS)) as {
    Dir: string;
    Sum: string;
  };
  if (told.Sum !== MODULE_SUM)
    throw new Error(`${MODULE}@${MODULE_VERSION} is ${told.Sum}, not ${MODULE_SUM}`);
  const fresh = `${target}.${process.pid}`;
  const version = `-X ${MODULE}/internal/version.latestVersion=${JAEGER_VERSION}`;
  const flags = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", `-s -w ${version}`];
  await go(["build", ...flags, "-o", fresh, "./cmd/jaeger"], told.Dir, environment, BUILD_DEADLINE_MS);
  await rename(fresh, target);
}

async function go(args: string[], cwd: string, environment: Environment, timeout: number): Promise<string> {
  const env = { ...environment, GOFLAGS: "", GOWORK: "off" };
  const { stdout } = await promisify(execFile)("go", args, { cwd, env, timeout, maxBuffer: 16_000_000 });
  return stdout;
}

/** Builds under a lock that is a folder (making one is atomic); whoever finds it there waits for the result. */
async function onlyOne(lock: string, result: string, work: () => Promise<void>): Promise<void> {
  await mkdir(join(result, ".."), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch {
      const since = await stat(lock).then(
        (found) => found.mtimeMs,
        () => undefined,
      );
      const now = performance.timeOrigin + performance.now();
      if (since !== undefined && now - since > BUILD_DEADLINE_MS) await rmdir(lock).catch(() => undefined);
      await delay(500);
      if (await isExecutable(result)) return;
    }
  }
  try {
    if (!(await isExecutable(result))) await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
