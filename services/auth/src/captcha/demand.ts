/**
 * When a TV must solve a sum. Always before an anonymous sign-up; before signing in only when something is off: this
 * home failed three times within a quarter of an hour, or the limits cannot be counted for all replicas. Failures are
 * counted in this process: a hint, behind which the limits stand. A pass is used up here, after the body was found
 * valid and the limits allowed it.
 */
import type { FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import { clientOf, type Device, deviceOf } from "../http/client.ts";
import { networkOf } from "../http/network.ts";
import { type CaptchaAction, callerOf } from "./caller.ts";
import type { Captcha } from "./captcha.ts";
import { orUnavailable, refuse } from "./refusals.ts";

export const captchaRefusals = [refuse.captcha_required, refuse.captcha_unavailable] as const;

const FAILURES_BEFORE_DEMAND = 3;
const FAILURES_KEPT_MS = 15 * 60_000;
const MOST_NETWORKS = 10_000;

interface Dependencies {
  readonly captcha: Captcha;
  readonly clock: Clock;
  /** Whether limits are counted by each replica alone because Redis is away. */
  readonly isDegraded: () => boolean;
}

interface Failures {
  readonly sinceMs: number;
  readonly count: number;
}

export class CaptchaDemand {
  readonly #given: Dependencies;
  /** By network, oldest first. */
  readonly #failures = new Map<string, Failures>();

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** A preHandler hook. Refuses `captcha_required`, `captcha_unavailable`. */
  readonly beforeSignUp = async (given: object): Promise<void> => {
    const request = given as FastifyRequest;
    if (kindOf(request) === "tv") await this.#demand(request, "sign_up");
  };

  /** A preHandler hook. Refuses `captcha_required`, `captcha_unavailable`. */
  readonly beforeSignIn = async (given: object): Promise<void> => {
    const request = given as FastifyRequest;
    const isRisky = () => this.#given.isDegraded() || this.#failuresOf(request) >= FAILURES_BEFORE_DEMAND;
    if (kindOf(request) === "tv" && isRisky()) await this.#demand(request, "sign_in");
  };

  /** An onResponse hook. */
  readonly afterSignIn = async (
    given: object,
    { statusCode }: { readonly statusCode: number },
  ): Promise<void> => {
    if (statusCode !== 401) return;
    const request = given as FastifyRequest;
    const network = networkOf(clientOf(request).address);
    const nowMs = this.#given.clock.now().getTime();
    const count = this.#failuresOf(request) + 1;
    const sinceMs = count === 1 ? nowMs : (this.#failures.get(network)?.sinceMs ?? nowMs);
    this.#failures.delete(network);
    this.#failures.set(network, { sinceMs, count });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_NETWORKS && oldest !== undefined) this.#failures.delete(oldest);
  };

  #failuresOf(request: FastifyRequest): number {
    const failures = this.#failures.get(networkOf(clientOf(request).address));
    if (failures === undefined) return 0;
    return this.#given.clock.now().getTime() - failures.sinceMs > FAILURES_KEPT_MS ? 0 : failures.count;
  }

  async #demand(request: FastifyRequest, action: CaptchaAction): Promise<void> {
    const { captcha_pass: pass } = request.body as { captcha_pass?: string };
    const isGood =
      pass !== undefined &&
      (await orUnavailable(this.#given.captcha.redeem(pass, callerOf(request, action))));
    if (!isGood) throw refuse.captcha_required({ members: { action } });
  }
}

function kindOf(request: FastifyRequest): Device["kind"] {
  const { device } = request.body as { device?: { kind?: Device["kind"] } };
  return deviceOf(device, clientOf(request)).kind;
}
