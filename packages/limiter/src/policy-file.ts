import { readFileSync, statSync } from "node:fs";
import type { Limiter } from "./limiter.ts";
import { parsePolicies } from "./parse-policies.ts";
import type { Policies } from "./policies.ts";

export interface PolicyFileOptions {
  /** JSON as `parsePolicies` takes it: only what differs from the defaults. */
  readonly file: string;
  readonly limiter: Pick<Limiter, "setPolicies">;
  /** Told after each change that was taken. */
  readonly onChange?: () => void;
  /** Told of a file that cannot be read or has mistakes; the limits stay as they were. */
  readonly onMistake: (error: unknown) => void;
  /** How often to look, in milliseconds; default 5000. */
  readonly everyMs?: number;
}

/**
 * The policies of a file, for the start of a service.
 *
 * @throws PoliciesError, SyntaxError or what reading the file says: a service must not start with limits nobody meant
 */
export function readPolicyFile(file: string): Policies {
  return parsePolicies(JSON.parse(readFileSync(file, "utf8")));
}

/** Takes changes of the file without a restart. Looks at its time, since watches are lost on mounted volumes. */
export function followPolicyFile({
  file,
  limiter,
  onChange,
  onMistake,
  everyMs = 5_000,
}: PolicyFileOptions): () => void {
  let seen = changedAt(file);
  const timer = setInterval(() => {
    const now = changedAt(file);
    if (now === seen) return;
    seen = now;
    try {
      limiter.setPolicies(readPolicyFile(file));
      onChange?.();
    } catch (error) {
      onMistake(error);
    }
  }, everyMs).unref();
  return () => clearInterval(timer);
}

/** What a service's logger has. */
interface Logger {
  info(what: object, text: string): void;
  error(what: object, text: string): void;
}

/** As services do it: there may be no such file, and the log says what came of a change. Returns what ends it. */
export function followLimits({
  file,
  logger,
  ...options
}: Pick<PolicyFileOptions, "limiter" | "everyMs"> & {
  readonly file: string | undefined;
  readonly logger: Logger;
}): () => void {
  if (file === undefined) return () => {};
  return followPolicyFile({
    ...options,
    file,
    onChange: () => logger.info({ file }, "limits changed"),
    onMistake: (error) => logger.error({ err: error, file }, "the limits stay as they were"),
  });
}

/** Milliseconds; -1 where there is no file at the moment, e.g. while it is being replaced. */
function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
