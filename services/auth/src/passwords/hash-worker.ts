/**
 * Runs in a thread of its own: one argon2id at a time, nothing else. What waits already when a hash is done is hashed
 * before anybody is answered, and they are answered together: a hash leaves nothing in the caches of its core, so the
 * event loop and PostgreSQL serve eight at a stroke with little more work than one.
 */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { basename } from "node:path";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
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

/** `workMs`: of the hash alone, without the start of the thread. `endedMsAgo`: as seen when all were answered. */
export type HashAnswer =
  | { readonly result: HashResult; readonly workMs: number; readonly endedMsAgo: number }
  | { readonly failed: string };

/** Of 40 steps of niceness: behind the event loop whenever both want the same core, also where the service as a whole stands back. */
const BEHIND = 10;
const LAST = 19;

/** Linux counts niceness per thread; elsewhere the whole process would be slowed, so nothing is done. */
function stepBack(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Number(basename(readlinkSync("/proc/thread-self"))), Math.min(LAST, getPriority() + BEHIND));
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

type Done =
  | { readonly result: HashResult; readonly began: number; readonly ended: number }
  | { readonly failed: string };

function work(task: HashTask): Done {
  const began = performance.now();
  try {
    return { result: run(task), began, ended: performance.now() };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

/** The last that waits is hashed while those before it are answered: whoever comes of that finds no thread that ran dry. */
function workThrough(port: MessagePort, first: HashTask, together: number): void {
  let done: Done[] = [];
  for (let task: HashTask | undefined = first; task !== undefined; ) {
    const next = received(port);
    if (done.length > 0 && (next === undefined || done.length === together)) {
      answer(port, done);
      done = [];
    }
    done.push(work(task));
    task = next ?? received(port);
  }
  answer(port, done);
}

function received(port: MessagePort): HashTask | undefined {
  return (receiveMessageOnPort(port) as { message: HashTask } | undefined)?.message;
}

function answer(port: MessagePort, done: readonly Done[]): void {
  const now = performance.now();
  const answers: HashAnswer[] = done.map((one) =>
    "failed" in one
      ? one
      : { result: one.result, workMs: one.ended - one.began, endedMsAgo: now - one.ended },
  );
  port.postMessage(answers);
}

if (parentPort !== null) {
  const port = parentPort;
  stepBack();
  port.on("message", (task: HashTask) => workThrough(port, task, workerData));
}
