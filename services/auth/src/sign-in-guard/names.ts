/** Names by which the limiter counts requests that aim at an account before anything about it was looked up. */
import type { FastifyRequest } from "fastify";
import type { Directory } from "../directory/directory.ts";
import { parseEmail } from "../directory/email-address.ts";

/**
 * For `config.limit.account` of a route whose body has `email`: its keyed hash, whether or not somebody has it.
 * `door` keeps a door's count apart from those of other doors of the same class. An address that is none
 * is counted by where it came from alone.
 */
export function emailName(
  directory: Directory,
  door: string,
): (request: FastifyRequest) => string | undefined {
  return ({ body }) => {
    const { email } = (body ?? {}) as { email?: unknown };
    if (typeof email !== "string") return undefined;
    try {
      return `${door}/${directory.hash({ kind: "email", address: parseEmail(email) }).toString("hex")}`;
    } catch {
      return undefined;
    }
  };
}
