import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Environment } from "../config.ts";

export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const DEADLINE_MS = 30_000;

/**
 * Runs a module in a process of its own with `--import @kinopass/tracing/register`, as a service is run, with these
 * variables and no others. The exports of the package's main entry are in scope.
 */
export async function runScript(source: string, variables: Environment): Promise<ScriptResult> {
  const script = `import { annotate, currentRequest, outgoingHeaders, trace, withSpan } from "@kinopass/tracing";\n${source}`;
  const child = spawn(
    process.execPath,
    ["--import", "@kinopass/tracing/register", "--input-type=module", "--eval", script],
    {
      cwd: PACKAGE,
      env: variables,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
