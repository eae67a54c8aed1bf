/**
 * The proof that somebody signed in to an account on this device before. It opens nothing: it only moves the device's
 * sign-ins into a lane of their own, which strangers who fail on purpose cannot use up.
 *
 * A browser keeps it in a `__Host-` cookie; where Auth is reached by plain http, which the configuration allows on
 * loopback alone, in `kp_device`, because browsers take neither `__Host-` nor Secure there. An app that keeps no cookies
 * sends `X-Kinopass-Device` (any value the first time) and is answered with the same header; who does not send it is
 * not answered with it, so that scripts of a page cannot read what the cookie hides from them.
 *
 * A device holds proofs for several accounts, for a family shares its browser. A proof is bound to the address it signed
 * in with, because nothing else is known before the database was asked; a changed address begins as a new device.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Secrets } from "../secrets.ts";

export const DEVICE_HEADER = "x-kinopass-device";

const VERSION = 1;
/** version 1 | key number 1 | day of issue 2 | device 16 */
const CLAIMS_BYTES = 20;
const MAC_BYTES = 32;
/** 52 bytes in base64url. */
const PROOF = /^[A-Za-z0-9_-]{70}$/;
const MOST_PROOFS = 4;
const SEPARATOR = ".";
const DAY_MS = 86_400_000;
/** As long as browsers keep a cookie at all (RFC 6265bis §5.5). */
const LIVES_DAYS = 400;

interface Dependencies {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly issuer: string;
}

export class DeviceProofs {
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  readonly #secure: boolean;

  constructor({ secrets, clock, issuer }: Dependencies) {
    this.#secrets = secrets;
    this.#clock = clock;
    this.#secure = issuer.startsWith("https:");
  }

  /** Whether the request brings proofs at all; whose they are is known when the account is. */
  isShown(request: FastifyRequest): boolean {
    return this.#shown(request).length > 0;
  }

  /** The name of the device that signed in to `account` before; undefined for a proof that is not ours, or not its. */
  deviceOf(request: FastifyRequest, account: string): string | undefined {
    for (const proof of this.#shown(request)) {
      const device = this.#read(proof, account);
      if (device !== undefined) return device.toString("base64url");
    }
    return undefined;
  }

  /** Gives the device a proof for `account`, beside those it has for others. */
  give(request: FastifyRequest, reply: FastifyReply, account: string): void {
    const shown = this.#shown(request);
    const known = shown.map((proof) => this.#read(proof, account));
    const device = known.find((found) => found !== undefined) ?? randomBytes(16);
    const others = shown.filter((_, index) => known[index] === undefined);
    const value = [this.#make(device, account), ...others].slice(0, MOST_PROOFS).join(SEPARATOR);
    const secure = this.#secure ? "; Secure" : "";
    const attributes = `Path=/; Max-Age=${LIVES_DAYS * 86_400}; HttpOnly${secure}; SameSite=Lax`;
    reply.header("set-cookie", `${this.#cookie}=${value}; ${attributes}`);
    if (request.headers[DEVICE_HEADER] !== undefined) reply.header(DEVICE_HEADER, value);
  }

  get #cookie(): string {
    return this.#secure ? "__Host-kp_device" : "kp_device";
  }

  #shown(request: FastifyRequest): readonly string[] {
    const header = request.headers[DEVICE_HEADER];
    const value = typeof header === "string" && header.length > 20 ? header : this.#cookieOf(request);
    const proofs = value.slice(0, 400).split(SEPARATOR, MOST_PROOFS);
    return proofs.filter((proof) => PROOF.test(proof));
  }

  /** A name that stands twice was planted by somebody: neither counts. */
  #cookieOf(request: FastifyRequest): string {
    const start = `${this.#cookie}=`;
    const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim());
    const [value = "", second] = pairs.filter((pair) => pair.startsWith(start));
    return second === undefined ? value.slice(start.length) : "";
  }

  #make(device: Buffer, account: string): string {
    const claims = Buffer.alloc(CLAIMS_BYTES);
    claims[0] = VERSION;
    claims[1] = this.#secrets.newest;
    claims.writeUInt16BE(this.#today, 2);
    device.copy(claims, 4);
    const mac = this.#secrets.newestMac("device", signed(claims, account));
    return Buffer.concat([claims, mac]).toString("base64url");
  }

  #read(proof: string, account: string): Buffer | undefined {
    const bytes = Buffer.from(proof, "base64url");
    if (bytes.length !== CLAIMS_BYTES + MAC_BYTES || bytes[0] !== VERSION) return undefined;
    const claims = bytes.subarray(0, CLAIMS_BYTES);
    const expected = this.#secrets.mac("device", claims[1] ?? -1, signed(claims, account));
    if (expected === undefined || !timingSafeEqual(expected, bytes.subarray(CLAIMS_BYTES))) return undefined;
    return this.#today - claims.readUInt16BE(2) > LIVES_DAYS ? undefined : claims.subarray(4);
  }

  get #today(): number {
    return Math.floor(this.#clock.now().getTime() / DAY_MS);
  }
}

function signed(claims: Buffer, account: string): Buffer {
  return Buffer.concat([claims, Buffer.from(account)]);
}
