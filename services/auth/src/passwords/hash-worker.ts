/** Runs in a thread of its own: one argon2id at a time, nothing else. */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { basename } from "node:path";
import { parentPort } from "node:worker_threads";
import { hashSync, type Options, verifySync } from "@node-rs/argon2";

export type HashTask =
  | { readonly kind: "hash"; readonly password: string; readonly cost: HashCost }
  | { readonly kind: "verify"; readonly password: string; readonly hash: string };

/** RFC 9106 §3.1: m in KiB, t, p. */
export interface HashCost {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** A hash, or whether the password fits. */
export type HashResult = string | boolean;

/** `workMs`: of the hash alone, without the start of the thread. */
export type HashAnswer =
  | { readonly result: HashResult; readonly workMs: number }
  | { readonly failed: string };

/** Of 40 steps of niceness: behind the event loop whenever both want the same core. */
const NICENESS = 10;

/** Linux counts niceness per thread; elsewhere the whole process would be slowed, so nothing is done. */
function stepBack(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Number(basename(readlinkSync("/proc/thread-self"))), NICENESS);
  } catch {
    // A sandbox without /proc: hashing competes with the event loop as equals.
  }
}

function run(task: HashTask): HashResult {
  if (task.kind === "verify") return verifySync(task.hash, task.password);
  // Argon2id is the library's default; its enum exists at compile time only.
  const options: Options = {
    memoryCost: task.cost.memoryKib,
    timeCost: task.cost.iterations,
    parallelism: task.cost.parallelism,
  };
  return hashSync(task.password, options);
}

function answer(task: HashTask): HashAnswer {
  const began = performance.now();
  try {
    return { result: run(task), workMs: performance.now() - began };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

stepBack();
parentPort?.on("message", (task: HashTask) => {
  parentPort?.postMessage(answer(task));
});
