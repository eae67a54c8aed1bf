import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";

const LIVES_S = 600;
const VALUE = /^[A-Za-z0-9_-]{43}$/;

interface Names {
  /** Sent with the provider's redirect: a top-level GET. */
  readonly redirect: string;
  /** Sent with a form that the provider's page posts (Apple): a cross-site POST, which Lax cookies stay away from. */
  readonly post: string | undefined;
}

/**
 * The mark by which a browser that comes back from a provider is known to be the one that left (RFC 9700 §2.1: state
 * is bound to the browser). A random value in a `__Host-` cookie; flows keep its hash. One mark serves all tabs.
 *
 * Where Auth is reached by plain http, which the configuration allows on loopback alone, neither `__Host-` nor Secure
 * can be demanded: not every browser takes Secure cookies there. Nothing is lost: there is no network in between, and
 * pages on loopback are one site, so that Lax is enough for a posted answer as well.
 */
export class BrowserMark {
  readonly #names: Names;
  readonly #secure: boolean;

  constructor({ issuer }: { issuer: string }) {
    this.#secure = issuer.startsWith("https:");
    this.#names = this.#secure
      ? { redirect: "__Host-kp_social", post: "__Host-kp_social_post" }
      : { redirect: "kp_social", post: undefined };
  }

  /** Marks the browser, keeping a mark it has; returns what a flow keeps of it. */
  give(request: FastifyRequest, reply: FastifyReply): string {
    const mark = this.#read(request)[0] ?? randomBytes(32).toString("base64url");
    const common = `Path=/; Max-Age=${LIVES_S}; HttpOnly${this.#secure ? "; Secure" : ""}`;
    const cookies = [`${this.#names.redirect}=${mark}; ${common}; SameSite=Lax`];
    if (this.#names.post !== undefined) cookies.push(`${this.#names.post}=${mark}; ${common}; SameSite=None`);
    reply.header("set-cookie", cookies);
    return hashed(mark);
  }

  /** Whether this is the browser the flow was begun in. No mark is no. */
  fits(request: FastifyRequest, kept: string): boolean {
    return this.#read(request).some((mark) => timingSafeEqual(Buffer.from(hashed(mark)), Buffer.from(kept)));
  }

  /** A name that stands twice was planted by somebody: neither counts. */
  #read(request: FastifyRequest): readonly string[] {
    const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim());
    const names =
      this.#names.post === undefined ? [this.#names.redirect] : [this.#names.redirect, this.#names.post];
    return names.flatMap((name) => {
      const values = pairs
        .filter((pair) => pair.startsWith(`${name}=`))
        .map((pair) => pair.slice(name.length + 1));
      return values.length === 1 ? values.filter((value) => VALUE.test(value)) : [];
    });
  }
}

function hashed(mark: string): string {
  return createHash("sha256").update(mark).digest("base64url");
}
