import { randomBytes } from "node:crypto";
import { Refused } from "../../io.ts";
import { codeFromMailbox } from "../../mailbox-code.ts";

const MOST_ATTEMPTS = 6;

export interface SignedUp {
  readonly email: string;
  readonly password: string;
  readonly sub: string;
  readonly sid: string;
}

/** A grown-up's account with one session, made through the front door; the code comes from the stand's mailbox. */
export async function signUp({ auth, stand }: { auth: string; stand: string }): Promise<SignedUp> {
  const email = `drill-${randomBytes(6).toString("hex")}@example.com`;
  const password = randomBytes(18).toString("base64url");
  await post(`${auth}/v1/accounts`, { email, password, birth_date: "1990-05-17" });
  const code = await codeFromMailbox(stand, email);
  if (code === undefined)
    throw new Refused(`No letter with a code came to the stand's mailbox for ${email}.`);
  const { access_token } = await post(`${auth}/v1/accounts/confirm`, { email, code });
  const [, claims = ""] = String(access_token).split(".");
  const { sub, sid } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as SignedUp;
  return { email, password, sub, sid };
}

/** A stand on a busy machine may say "not now" before the drill has begun; that is asked again, a few times. */
async function post(url: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const json = (await answer.json()) as Record<string, unknown>;
    if (answer.ok) return json;
    if (answer.status !== 503 || attempt === MOST_ATTEMPTS)
      throw new Refused(`${url} answered ${answer.status} ${String(json["code"] ?? "")}.`);
    await new Promise((next) => setTimeout(next, attempt * 500));
  }
}
