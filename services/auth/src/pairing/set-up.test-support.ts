import assert from "node:assert/strict";
import { type Answered, ask } from "../testing/ask.ts";
import type { SignedIn, TestAuth } from "../testing/start-auth.ts";

export interface WaitingTv {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly complete: string;
  readonly qr: string;
}

/** A TV that shows its code. */
export async function newTv(auth: TestAuth, device?: object): Promise<WaitingTv> {
  const { status, body, text } = await ask(
    auth,
    "POST /v1/device/code",
    device === undefined ? {} : { device },
  );
  assert.equal(status, 200, text);
  return {
    deviceCode: body.device_code,
    userCode: body.user_code,
    complete: body.verification_uri_complete,
    qr: body.verification_qr_svg,
  };
}

export function poll(auth: TestAuth, { deviceCode }: Pick<WaitingTv, "deviceCode">): Promise<Answered> {
  return ask(auth, "POST /v1/device/token", { device_code: deviceCode }, undefined, {
    "user-agent": "Mozilla/5.0 (SMART-TV; Tizen 8.0)",
  });
}

export function look(auth: TestAuth, userCode: string, as?: SignedIn): Promise<Answered> {
  return ask(auth, `GET /v1/device/${encodeURIComponent(userCode)}`, undefined, as);
}

export function approve(
  auth: TestAuth,
  { userCode }: Pick<WaitingTv, "userCode">,
  as?: Pick<SignedIn, "headers">,
  wishes: object = {},
): Promise<Answered> {
  return ask(auth, `POST /v1/device/${userCode}/approve`, wishes, as);
}

export function deny(auth: TestAuth, { userCode }: WaitingTv, as?: SignedIn): Promise<Answered> {
  return ask(auth, `POST /v1/device/${userCode}/deny`, undefined, as);
}

/** What an access token says, unverified. */
export function claimsOf(accessToken: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString("utf8"));
}
