import { Agent, type IncomingMessage, request } from "node:http";
import type { Tally } from "./tally.ts";

const DEADLINE_MS = 5_000;
/** The finest that a timer of Node does: a coarser one would hide in the figures what it is there to show. */
const TICK_MS = 1;
/** So long are the stretches of time that are compared with each other. */
export const SLICE_SECONDS = 4;
/** An open model does not wait for answers; this is only so that a dead target cannot fill the memory. */
const MOST_UNDER_WAY = 2_000;
const MOST_READ = 4_096;

export interface Shot {
  /** Whose figures it goes to. */
  readonly who: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly token: string | undefined;
  /** Sent as JSON. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The loopback address it comes from; Linux has all of 127.0.0.0/8. */
  readonly from?: string;
}

/** What is asked for and where it is counted, until the next phase begins. */
export interface Phase {
  readonly tally: Tally;
  readonly next: (turn: number) => Shot;
}

/**
 * Requests at a steady rate from the first phase to the end, whether or not the last ones were answered:
 * what breaks and what comes back does so under load. Answers count from when their request was due.
 */
export class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: "fifo" });
  readonly #perSecond: number;
  readonly #underWay = new Map<Tally, number>();
  #phase: Phase | undefined;
  #phaseBegan = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #wake: (() => void)[] = [];

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseBegan = performance.now();
    this.#running ??= this.#run();
  }

  /** Resolves when everything that was asked for in this tally's phases is answered or given up. */
  async settled(tally: Tally): Promise<void> {
    while ((this.#underWay.get(tally) ?? 0) > 0)
      await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Asks for nothing more; what is under way goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    const began = performance.now();
    let sent = 0;
    while (!this.#stopped) {
      const due = Math.floor(((performance.now() - began) * this.#perSecond) / 1000);
      for (; sent < due; sent += 1) this.#send(sent, began + (sent * 1000) / this.#perSecond);
      await new Promise((done) => setTimeout(done, TICK_MS));
    }
  }

  #send(turn: number, dueAt: number): void {
    if (this.#phase === undefined) return;
    const { tally, next } = this.#phase;
    const shot = next(turn);
    const underWay = this.#underWay.get(tally) ?? 0;
    if (underWay >= MOST_UNDER_WAY) {
      tally.failed(shot.who, "not sent");
      return;
    }
    this.#underWay.set(tally, underWay + 1);
    const atSeconds = Math.max(0, dueAt - this.#phaseBegan) / 1000;
    this.#fire(shot, { dueAt, atSeconds, tally });
  }

  #fire(
    { who, method, url, token, body, headers: more, from }: Shot,
    { dueAt, atSeconds, tally }: { dueAt: number; atSeconds: number; tally: Tally },
  ): void {
    let told = false;
    const done = (tell: () => void) => {
      if (told) return;
      told = true;
      tell();
      this.#underWay.set(tally, (this.#underWay.get(tally) ?? 1) - 1);
      for (const resolve of this.#wake.splice(0)) resolve();
    };
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...more,
    };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const options = { method, headers, agent: this.#agent, signal, localAddress: from };
    const outgoing = request(url, options, (answer) => {
      const code = codeOf(answer);
      answer.once("error", () => done(() => tally.failed(who, "cut")));
      answer.once("end", () => {
        const { statusCode = 0, headers: given } = answer;
        const certainty = String(given["x-auth-certainty"] ?? "fresh");
        const retryAfter = given["retry-after"] !== undefined;
        const ms = performance.now() - dueAt;
        const slice = Math.floor(dueAt / (SLICE_SECONDS * 1000));
        const said = { status: statusCode, certainty, code: code(), retryAfter, ms, atSeconds, slice };
        done(() => tally.answered(who, said));
      });
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) =>
      done(() => tally.failed(who, signal.aborted ? "no answer" : (error.code ?? error.message))),
    );
    outgoing.end(body);
  }
}

/** Reads an answer to its end. Where it is trouble of ours, the returned function has the code of its problem: whose trouble it was. */
function codeOf(answer: IncomingMessage): () => string {
  if ((answer.statusCode ?? 0) < 500) {
    answer.resume();
    return () => "";
  }
  let text = "";
  answer.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < MOST_READ) text += chunk;
  });
  return () => /"code":"(\w+)"/.exec(text)?.[1] ?? "";
}
