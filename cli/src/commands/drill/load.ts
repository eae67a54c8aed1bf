import { Agent, request } from "node:http";
import type { Tally } from "./tally.ts";

const DEADLINE_MS = 5_000;
const TICK_MS = 5;
/** An open model does not wait for answers; this is only so that a dead target cannot fill the memory. */
const MOST_UNDER_WAY = 2_000;

export interface Shot {
  /** Whose figures it goes to. */
  readonly who: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly token: string | undefined;
}

/** Requests at a steady rate, whether or not the last ones were answered; late answers count from when they were due. */
export class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: "fifo" });
  readonly #perSecond: number;
  #underWay = 0;
  readonly #idle: (() => void)[] = [];

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Runs until the time is over or the signal says so; resolves when the last answer is in. */
  async run(
    { seconds, next, tally }: { seconds: number; next: (turn: number) => Shot; tally: Tally },
    signal: AbortSignal,
  ): Promise<void> {
    const began = performance.now();
    const total = Math.floor(seconds * this.#perSecond);
    let sent = 0;
    while (sent < total && !signal.aborted) {
      const due = Math.min(total, Math.floor(((performance.now() - began) * this.#perSecond) / 1000));
      for (; sent < due; sent += 1)
        this.#fire(next(sent), began + (sent * 1000) / this.#perSecond, began, tally);
      await new Promise((done) => setTimeout(done, TICK_MS));
    }
    while (this.#underWay > 0) await new Promise<void>((done) => this.#idle.push(done));
  }

  close(): void {
    this.#agent.destroy();
  }

  #fire({ who, method, url, token }: Shot, dueAt: number, began: number, tally: Tally): void {
    const atSeconds = (dueAt - began) / 1000;
    if (this.#underWay >= MOST_UNDER_WAY) {
      tally.failed(who, "not sent");
      return;
    }
    this.#underWay += 1;
    let told = false;
    const done = (tell: () => void) => {
      if (told) return;
      told = true;
      tell();
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const outgoing = request(url, { method, headers, agent: this.#agent, signal }, (answer) => {
      answer.resume();
      answer.once("error", () => done(() => tally.failed(who, "cut")));
      answer.once("end", () => {
        const { statusCode = 0, headers: given } = answer;
        const certainty = String(given["x-auth-certainty"] ?? "fresh");
        const retryAfter = given["retry-after"] !== undefined;
        const ms = performance.now() - dueAt;
        done(() => tally.answered(who, { status: statusCode, certainty, retryAfter, ms, atSeconds }));
      });
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) =>
      done(() => tally.failed(who, signal.aborted ? "no answer" : (error.code ?? error.message))),
    );
    outgoing.end();
  }
}
