import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Member } from "../http/authenticate.ts";

/**
 * Guessing user codes is limited by account as well as by address, so who is calling must be known before the
 * limiter decides, and known for sure: the name of an account that somebody merely claims would let strangers
 * use up its share.
 */
export class MembersOfRequests {
  readonly #members = new WeakMap<object, Member>();

  /**
   * A preValidation hook: it runs before the limiter's decision, and a refusal ends the request. Its request is
   * an object to the compiler, which would otherwise take the hook's types for the route's.
   */
  before(identify: (request: FastifyRequest) => Promise<Member>): (request: object) => Promise<void> {
    return async (request) => {
      this.#members.set(request, await identify(request as FastifyRequest));
    };
  }

  /** For `config.limit.account`. Prefixed: the same person's passwords are counted elsewhere. */
  readonly nameOf = (request: object): string | undefined => {
    const member = this.#members.get(request);
    return member === undefined ? undefined : `pairing/${member.accountId}`;
  };

  of(request: object): Member {
    const member = this.#members.get(request);
    if (member === undefined)
      throw new Error("The route has no preValidation hook that identifies its caller");
    return member;
  }
}

/** A TV that asks wildly uses up its own code's share; a digest, because the limiter keeps what it is given. */
export function deviceCodeName(body: unknown): string | undefined {
  const code = (body as { device_code?: unknown } | undefined)?.device_code;
  return typeof code === "string" ? createHash("sha256").update(code).digest("base64url") : undefined;
}
