/**
 * What stands before every door that verifies a password, so that guessing is slow everywhere and nobody can be locked
 * out by it.
 *
 * A try is decided as class `sign-in`: by address, by account from wherever it comes, and by the pair of both. The
 * account is named by the keyed hash of the address typed in, whether or not somebody has it, so refusals tell nothing.
 * Two lanes go round the account's own buckets: a device that signed in before (class `sign-in-known-device`), and a
 * pass of the captcha, one try a pass and as many as one device has. A failed try costs more; trouble of ours is free.
 */
import { AppError, common } from "@kinopass/http";
import { type Ask, type Decision, type Limiter, limitHeaders, type Refused } from "@kinopass/limiter";
import type { FastifyReply, FastifyRequest } from "fastify";
import { callerOf } from "../captcha/caller.ts";
import type { Captcha } from "../captcha/captcha.ts";
import { orUnavailable } from "../captcha/refusals.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import { parseEmail } from "../directory/email-address.ts";
import type { Secrets } from "../secrets.ts";
import { DeviceProofs } from "./device-proofs.ts";
import { TriedPasswords } from "./tried-passwords.ts";

interface Dependencies {
  readonly limiter: Limiter;
  readonly directory: Directory;
  readonly captcha: Captcha;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly issuer: string;
}

/** A password tried by the owner of a session, whose address is known from the account. */
export interface PasswordTries {
  /** Refuses `rate_limited`. */
  demand(email: string, password: string): Promise<void>;
  failed(password: string): Promise<void>;
}

const STRANGER = "sign-in";
const KNOWN_DEVICE = "sign-in-known-device";
/** Tokens a wrong password costs beyond the try itself. */
const FAILURE_COST = 2;
/** Told with a refusal that a captcha's pass gets round. */
const PASS_HELPS = { members: { captcha_action: "sign_in" } } as const;
/** The only refusals that mean a wrong guess. */
const WRONG = ["credentials_wrong", "current_password_wrong"];

export class SignInGuard {
  readonly #given: Dependencies;
  readonly #devices: DeviceProofs;
  readonly #tried: TriedPasswords;
  /** What each try was decided by, and so what its failure is charged to. */
  readonly #asked = new WeakMap<object, Ask>();
  readonly #withPass = new WeakSet<object>();

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
    this.#devices = new DeviceProofs(dependencies);
    this.#tried = new TriedPasswords(dependencies);
  }

  /** An onRequest hook: the body is not read for somebody who will be refused whatever it says. */
  readonly early = async (given: object, reply: object): Promise<void> => {
    const request = given as FastifyRequest;
    const lane = this.#devices.isShown(request) ? KNOWN_DEVICE : STRANGER;
    const known = this.#given.limiter.known({ class: lane, address: request.clientAddress });
    if (known !== undefined) answer(request, reply as FastifyReply, known);
  };

  /**
   * The same once the body was read, before anything is looked up or taken for this try: of a flood at one account only
   * those who may be let in wait for Redis, and only they hold places in the hashing lane.
   */
  readonly recall = async (given: object, reply: object): Promise<void> => {
    const request = given as FastifyRequest;
    const { email } = request.body as { email: string };
    const account = this.#accountOf(email);
    this.#recall(request, reply as FastifyReply, this.#askOf(request, account));
  };

  /** A preHandler hook for a body with `email`, and `password` where there is one. Refuses `rate_limited`. */
  readonly before = async (given: object, reply: object): Promise<void> => {
    const request = given as FastifyRequest;
    const { email, password } = request.body as { email: string; password?: string };
    await this.#demand(request, reply as FastifyReply, this.#accountOf(email), password);
  };

  /** An onResponse hook: a body that failed validation must not be free for that; who was sent away for our sake is. */
  readonly after = (
    given: object,
    { statusCode }: { readonly statusCode: number },
    done: (error?: Error) => void,
  ): void => {
    const request = given as FastifyRequest;
    if (request.limitDecision !== null || statusCode >= 500) done();
    else
      this.#given.limiter
        .decide({ class: STRANGER, address: request.clientAddress })
        .then(() => done(), done);
  };

  /** Whether this try was let in for its captcha pass, which is used up by that. */
  hasUsedPass(request: object): boolean {
    return this.#withPass.has(request);
  }

  /** Runs a try at a door; where the password was wrong, charges it before the answer goes out. */
  async watch<T>(request: object, password: string, door: () => Promise<T>): Promise<T> {
    try {
      return await door();
    } catch (error) {
      if (error instanceof AppError && WRONG.includes(error.code)) await this.#failed(request, password);
      throw error;
    }
  }

  /** After a sign-in: the device is known from now on. */
  welcome(request: object, reply: object, email: string): void {
    this.#devices.give(request as FastifyRequest, reply as FastifyReply, this.#accountOf(email));
  }

  /** For doors behind a session, where the address comes from the account. */
  triesOf(request: object, reply: object): PasswordTries {
    return {
      demand: (email, password) =>
        this.#demand(request as FastifyRequest, reply as FastifyReply, this.#accountOf(email), password),
      failed: (password) => this.#failed(request, password),
    };
  }

  async #demand(
    request: FastifyRequest,
    reply: FastifyReply,
    account: string,
    password: string | undefined,
  ): Promise<void> {
    const address = request.clientAddress;
    const ask = this.#askOf(request, account);
    if (ask.class === KNOWN_DEVICE) {
      await this.#decide(request, reply, ask);
      return;
    }
    this.#recall(request, reply, ask);
    const waitMs = password === undefined ? 0 : await this.#tried.waitMs(password, address);
    if (waitMs > 0)
      throw common.rate_limited({ headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } });
    const refusal = await this.#decide(request, reply, ask, isOfAccount);
    if (refusal === undefined) return;
    if (!(await this.#redeems(request))) answer(request, reply, refusal, PASS_HELPS);
    this.#withPass.add(request);
    await this.#decide(request, reply, { class: KNOWN_DEVICE, address, key: `pass/${address}/${account}` });
  }

  #askOf(request: FastifyRequest, account: string): Ask {
    const address = request.clientAddress;
    const device = this.#devices.deviceOf(request, account);
    if (device === undefined) return { class: STRANGER, address, account };
    return { class: KNOWN_DEVICE, address, key: `${device}/${account}` };
  }

  /** Refuses from memory, at no cost to Redis; somebody with a pass for the account may still be let in. */
  #recall(request: FastifyRequest, reply: FastifyReply, ask: Ask): void {
    const known = this.#given.limiter.known(ask);
    if (known === undefined) return;
    if (!isOfAccount(known)) answer(request, reply, known);
    if (passOf(request) === undefined) answer(request, reply, known, PASS_HELPS);
  }

  /** Decides, and answers a refusal unless the caller wants to look at it first. */
  async #decide(
    request: FastifyRequest,
    reply: FastifyReply,
    ask: Ask,
    spare: (refusal: Refused) => boolean = () => false,
  ): Promise<Refused | undefined> {
    const decision = await this.#given.limiter.decide(ask);
    if (decision.kind === "refused" && spare(decision)) return decision;
    this.#asked.set(request, ask);
    answer(request, reply, decision);
    return undefined;
  }

  async #redeems(request: FastifyRequest): Promise<boolean> {
    const pass = passOf(request);
    if (pass === undefined) return false;
    return await orUnavailable(this.#given.captcha.redeem(pass, callerOf(request, "sign_in")));
  }

  async #failed(request: object, password: string): Promise<void> {
    const ask = this.#asked.get(request);
    if (ask === undefined) return;
    await Promise.all([
      this.#given.limiter.charge({ ...ask, cost: FAILURE_COST }),
      this.#tried.failed(password, (request as FastifyRequest).clientAddress),
    ]);
  }

  #accountOf(email: string): string {
    return this.#given.directory.hash({ kind: "email", address: parseEmail(email) }).toString("hex");
  }
}

function passOf(request: FastifyRequest): string | undefined {
  return ((request.body ?? {}) as { captcha_pass?: string }).captcha_pass;
}

function isOfAccount({ scope }: Refused): boolean {
  return scope === "account" || scope === "pair";
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  decision: Decision,
  extras: { readonly members?: Readonly<Record<string, unknown>> } = {},
): void {
  request.limitDecision = decision;
  reply.headers(limitHeaders(decision));
  if (decision.kind === "refused") throw common.rate_limited(extras);
}
