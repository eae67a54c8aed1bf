import { randomBytes } from "node:crypto";
import { openConsole } from "@kinopass/auth/commands";
import { systemClock } from "@kinopass/catalog";
import { testToken } from "@kinopass/guard/testing";
import { Refused } from "../../io.ts";
import type { RunningStand } from "./running-stand.ts";

const LETTER_MS = 15_000;
const MOST_ATTEMPTS = 6;
const TOKEN_MS = 10 * 60_000;
const AUDIENCE = "kinopass";

type Console = Awaited<ReturnType<typeof openConsole>>;

interface Session {
  readonly sub: string;
  readonly sid: string;
}

/**
 * Real accounts with real sessions, made through the front door. Their tokens are signed here with the
 * stand's own key, as Auth would sign them: so one can run out when the drill wants it to, and a long
 * drill need not refresh at an Auth that is dead.
 */
export class Viewers {
  readonly #console: Console;
  readonly #issuer: string;
  readonly #sessions: readonly Session[];

  private constructor(console_: Console, issuer: string, sessions: readonly Session[]) {
    this.#console = console_;
    this.#issuer = issuer;
    this.#sessions = sessions;
  }

  static async signUp(stand: RunningStand, count: number): Promise<Viewers> {
    const { env, addresses } = stand.published;
    const sessions: Session[] = [];
    for (let made = 0; made < count; made += 1) sessions.push(await signUp(addresses));
    return new Viewers(await openConsole(env), addresses.auth, sessions);
  }

  /** One token for each viewer, which runs out at that moment. None lives longer than ten minutes. */
  async tokens(expiresAt: Date): Promise<readonly string[]> {
    const { kid, privateKey } = await this.#console.capabilities.keys.current();
    const at = new Date(expiresAt.getTime() - TOKEN_MS);
    return await Promise.all(
      this.#sessions.map((session) =>
        testToken({
          key: { kid, privateKey: privateKey.toCryptoKey("Ed25519", false, ["sign"]), jwk: {} },
          issuer: this.#issuer,
          audience: AUDIENCE,
          at,
          claims: { ...session, client_id: "kinopass", roles: [] },
        }),
      ),
    );
  }

  /** Tokens that are good for as long as tokens are. */
  fresh(): Promise<readonly string[]> {
    return this.tokens(new Date(systemClock.now().getTime() + TOKEN_MS));
  }

  close(): Promise<void> {
    return this.#console.close();
  }
}

async function signUp({ auth, stand }: { auth: string; stand: string }): Promise<Session> {
  const email = `drill-${randomBytes(6).toString("hex")}@example.com`;
  const password = randomBytes(18).toString("base64url");
  await post(`${auth}/v1/accounts`, { email, password, birth_date: "1990-05-17" });
  const deadline = performance.now() + LETTER_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${stand}/mailbox.json?to=${encodeURIComponent(email)}`, {
      signal: AbortSignal.timeout(5_000),
    });
    const [letter] = (await answer.json()) as { code: string | null }[];
    if (letter?.code != null) {
      const { access_token } = await post(`${auth}/v1/accounts/confirm`, { email, code: letter.code });
      const [, claims = ""] = String(access_token).split(".");
      const { sub, sid } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as Session;
      return { sub, sid };
    }
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Refused(`No letter with a code came to the stand's mailbox for ${email}.`);
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
