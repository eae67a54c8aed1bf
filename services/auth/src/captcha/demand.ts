/**
 * When a TV must solve a sum. Always before an anonymous sign-up; before signing in only when something is off: this
 * home failed three times within a quarter of an hour, or the limits cannot be counted for all replicas. Failures are
 * counted for all replicas too: a hint, behind which the limits stand. A pass is used up here, after the body was found
 * valid and the limits allowed it.
 */
import type { FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import { clientOf, type Device, deviceOf } from "../http/client.ts";
import { networkOf } from "../http/network.ts";
import { type CaptchaAction, callerOf } from "./caller.ts";
import type { Captcha } from "./captcha.ts";
import type { Failures } from "./failures.ts";
import { orUnavailable, refuse } from "./refusals.ts";

export const captchaRefusals = [refuse.captcha_required, refuse.captcha_unavailable] as const;

const FAILURES_BEFORE_DEMAND = 3;

interface Dependencies {
  readonly captcha: Captcha;
  readonly clock: Clock;
  readonly failures: Failures;
  /** The name under which a network's failures are kept: not its address. */
  readonly homeOf: (network: string) => string;
  /** Whether limits are counted by each replica alone because Redis is away. */
  readonly isDegraded: () => boolean;
}

export class CaptchaDemand {
  readonly #given: Dependencies;

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
    if (kindOf(request) !== "tv") return;
    if (this.#given.isDegraded() || (await this.#failures(request, 0)) >= FAILURES_BEFORE_DEMAND)
      await this.#demand(request, "sign_in");
  };

  /** An onSend hook: counted before the answer goes out, so the next try cannot overtake it. */
  readonly afterSignIn = (
    given: object,
    { statusCode }: { readonly statusCode: number },
    _payload: unknown,
    done: (error?: Error) => void,
  ): void => {
    if (statusCode !== 401) done();
    else this.#failures(given as FastifyRequest, 1).then(() => done(), done);
  };

  #failures(request: FastifyRequest, more: 0 | 1): Promise<number> {
    const { failures, homeOf, clock } = this.#given;
    const home = homeOf(networkOf(clientOf(request).address));
    return failures.count(home, more, clock.now().getTime());
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
