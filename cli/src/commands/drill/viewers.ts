import { openConsole } from "@kinopass/auth/commands";
import { systemClock } from "@kinopass/catalog";
import { testToken } from "@kinopass/guard/testing";
import type { RunningStand } from "./running-stand.ts";
import { type SignedUp, signUp } from "./sign-up.ts";

const TOKEN_MS = 10 * 60_000;
const AUDIENCE = "kinopass";

type Console = Awaited<ReturnType<typeof openConsole>>;

type Session = Pick<SignedUp, "sub" | "sid">;

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
    for (let made = 0; made < count; made += 1) {
      const { sub, sid } = await signUp(addresses);
      sessions.push({ sub, sid });
    }
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
