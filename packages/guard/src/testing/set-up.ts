import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Caller } from "../caller.ts";
import { createGuard, type Guard } from "../guard.ts";
import type { GuardOptions, Timings } from "../options.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { Recorder } from "./recorder.ts";
import { TestAuth } from "./test-auth.ts";
import { type TestTokenOptions, testToken } from "./test-keys.ts";

export const AUDIENCE = "catalog";

/** The promises at a twentieth of their length; what is compared with a token's own times stays as it is. */
export const QUICK = {
  keysRefreshMs: 60_000,
  keysPollMs: 400,
  keysRetryMs: 300,
  unknownKeyCooldownMs: 600,
  answerMs: 400,
  snapshotMs: 1_500,
  feedSilenceMs: 900,
  feedRetryMs: 50,
  feedRetryCapMs: 150,
  freshForMs: 1_200,
  provenAwayMs: 600,
  startMs: 3_000,
  tickMs: 50,
} as const satisfies Partial<Timings>;

/** Wall time that moves only when a test says so. */
export class HandClock {
  #ms = Date.UTC(2026, 2, 1, 12);

  now(): Date {
    return new Date(this.#ms);
  }

  advance({ minutes = 0, seconds = 0 }: { readonly minutes?: number; readonly seconds?: number }): void {
    this.#ms += (minutes * 60 + seconds) * 1000;
  }
}

export interface Stand {
  readonly auth: TestAuth;
  readonly proxy: FaultProxy;
  readonly clock: HandClock;
  readonly recorder: Recorder;
  readonly directory: string;
  readonly guard: Guard;
  /** Another guard of the same service, e.g. the one after a restart; not started. */
  anotherGuard(options?: Partial<GuardOptions>): { readonly guard: Guard; readonly recorder: Recorder };
  token(options?: Partial<TestTokenOptions>): Promise<string>;
  ask(token: string, method?: string): Promise<Caller>;
}

/** An Auth process, a network that can be broken, and a started guard behind it. All gone when the test ends. */
export async function setUp(
  t: TestContext,
  { down = false, ...options }: Partial<GuardOptions> & { readonly down?: boolean } = {},
): Promise<Stand> {
  const auth = await TestAuth.start({ down });
  const proxy = await FaultProxy.listen({ port: auth.port });
  const directory = await mkdtemp(join(tmpdir(), "kinopass-guard-"));
  const guards: Guard[] = [];
  t.after(async () => {
    await Promise.all(guards.map((started) => started.stop()));
    await Promise.all([proxy.close(), auth.kill(), rm(directory, { recursive: true, force: true })]);
  });
  const clock = new HandClock();

  const anotherGuard: Stand["anotherGuard"] = (more = {}) => {
    const recorder = new Recorder();
    const guard = createGuard({
      issuer: auth.issuer,
      audience: AUDIENCE,
      credential: auth.credential,
      authUrl: proxy.url,
      directory,
      clock,
      metrics: recorder,
      logger: recorder,
      timings: QUICK,
      ...options,
      ...more,
    });
    guards.push(guard);
    return { guard, recorder };
  };

  const { guard, recorder } = anotherGuard();
  await guard.start();
  // On a machine that is busy the first probe may miss its short deadline; the next is soon.
  if (!down && options.metrics === undefined) await recorder.state("fresh");
  return {
    auth,
    proxy,
    clock,
    recorder,
    directory,
    guard,
    anotherGuard,
    token: (token = {}) =>
      testToken({ key: auth.key, issuer: auth.issuer, audience: AUDIENCE, at: clock.now(), ...token }),
    ask: async (token, method = "GET") => guard.identify({ authorization: `Bearer ${token}`, method }),
  };
}
