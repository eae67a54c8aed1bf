import type { FastifyRequest } from "fastify";
import { clientOf } from "../http/client.ts";
import { networkOf } from "../http/network.ts";
import type { CaptchaCaller } from "./seal.ts";

/** What a pass may be good for. The first letter stands in the challenge's id, so that its answer need not repeat it. */
export const ACTIONS = { sign_up: "u", sign_in: "i" } as const;
export type CaptchaAction = keyof typeof ACTIONS;

/**
 * Before anybody is signed in, a device is the program it runs and the home it stands in. Who solves a sum elsewhere,
 * or for another program, has solved it for themselves.
 */
export function callerOf(request: FastifyRequest, action: CaptchaAction): CaptchaCaller {
  const { address, userAgent } = clientOf(request);
  return { action, client: userAgent ?? "unknown", device: networkOf(address) };
}

/** The id as it is shown outside. */
export function outerIdOf(action: CaptchaAction, id: string): string {
  return ACTIONS[action] + id;
}

export function readOuterId(outer: string): { action: CaptchaAction; id: string } | undefined {
  const found = Object.entries(ACTIONS).find(([, letter]) => outer.startsWith(letter));
  return found === undefined ? undefined : { action: found[0] as CaptchaAction, id: outer.slice(1) };
}
