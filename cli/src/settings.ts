import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "@kinopass/config";
import { forgetOtherServers } from "@kinopass/postgres";
import type { Io } from "./io.ts";

/**
 * The variables a command reads: those of the environment; where there is no DATABASE_URL and a stand
 * is running here, the stand's, and a line that says so. What the environment has goes first.
 */
export function settle({ env, directory, stderr }: Io): Environment {
  if (isSet(env, "DATABASE_URL")) return env;
  const homes = [env["KINOPASS_HOME"], join(directory, ".kinopass"), join(repository(), ".kinopass")];
  for (const home of homes.filter((one) => one !== undefined)) {
    const file = join(home, "stand.json");
    const settings = readStand(file);
    if (settings === undefined) continue;
    forgetOtherServers(env);
    stderr.write(`Using the running stand (${shown(directory, file)}).\n`);
    return { ...settings, ...withoutBlanks(env) };
  }
  return env;
}

function isSet(env: Environment, name: string): boolean {
  return [env[name], env[`${name}_FILE`]].some((value) => value !== undefined && value.trim() !== "");
}

function withoutBlanks(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
}

/** Undefined where there is none, or where somebody else could have written it: it says whom to trust with passwords. */
function readStand(file: string): Record<string, string> | undefined {
  try {
    const { mode, uid } = statSync(file);
    const own = process.getuid?.();
    if (own !== undefined && (uid !== own || (mode & 0o022) !== 0)) return undefined;
    const { env } = JSON.parse(readFileSync(file, "utf8")) as { env?: Record<string, string> };
    return env;
  } catch {
    return undefined;
  }
}

function repository(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "../..");
}

/** Short where it lies below, whole where it lies elsewhere. */
function shown(directory: string, file: string): string {
  const path = relative(directory, file);
  return path.startsWith("..") ? file : path;
}
