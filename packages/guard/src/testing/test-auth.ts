import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FromTestAuth, KeysAnswer, TestAuthState, ToTestAuth } from "./test-auth-messages.ts";
import { type TestKey, testKey } from "./test-keys.ts";

const MAIN = fileURLToPath(new URL("./test-auth-main.js", import.meta.url));
const CAEP = "https://schemas.openid.net/secevent/caep/event-type";
type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;

export interface TestAuthOptions {
  readonly heartbeatMs?: number;
  readonly issuer?: string;
  /** Does not start the process: an Auth that is down from the beginning, at an address nobody listens on. */
  readonly down?: boolean;
}

/** An Auth process that a test owns: real keys, a real feed, and a pid to send real signals to. */
export class TestAuth {
  readonly issuer: string;
  readonly credential = { id: "catalog", secret: "a:secret with ü" };
  #state: TestAuthState;
  #child: ChildProcess | undefined;
  #port = 0;
  #messages = 0;
  readonly #waiting = new Map<number, (requests: Readonly<Record<string, number>>) => void>();
  key: TestKey;

  private constructor(key: TestKey, { heartbeatMs = 100, issuer = "https://auth.test" }: TestAuthOptions) {
    this.key = key;
    this.issuer = issuer;
    this.#state = {
      issuer,
      credential: this.credential,
      heartbeatMs,
      keys: [key.jwk],
      events: [],
      oldestCursor: 0,
    };
  }

  static async start(options: TestAuthOptions = {}): Promise<TestAuth> {
    const auth = new TestAuth(await testKey(`key-${randomUUID()}`), options);
    await auth.restart();
    if (options.down === true) await auth.kill();
    return auth;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A new process, at the same address, that knows all the old one knew. */
  async restart(): Promise<void> {
    const child = fork(MAIN, { stdio: "inherit" });
    this.#child = child;
    const listening = Promise.withResolvers<number>();
    child.on("message", (message: FromTestAuth) => {
      if (message.kind === "listening") listening.resolve(message.port);
      else this.#waiting.get(message.id)?.(message.requests);
    });
    child.once("exit", (code, signal) => listening.reject(new Error(`test Auth ended: ${code ?? signal}`)));
    child.send({ kind: "listen", port: this.#port, state: this.#state } satisfies ToTestAuth);
    this.#port = await listening.promise;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** It still takes connections, and answers none. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Requests so far, by path, of the present process. */
  requests(): Promise<Readonly<Record<string, number>>> {
    return this.#ask({ kind: "count" });
  }

  /** Resolves when the process has taken it over; followers of the feed hear of it. */
  async change(change: Partial<TestAuthState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    await this.#ask({ kind: "state", state: this.#state });
  }

  async answerKeysWith(keysAnswer: KeysAnswer): Promise<void> {
    await this.change({ keysAnswer });
  }

  /** Publishes the next key beside the present ones, and signs with it from now on. */
  async rotate(): Promise<TestKey> {
    this.key = await testKey(`key-${randomUUID()}`);
    await this.change({ keys: [this.key.jwk, ...this.#state.keys] });
    return this.key;
  }

  async withdraw(kid: string, { tell }: { readonly tell: boolean }): Promise<void> {
    await this.change({ keys: this.#state.keys.filter((key) => key.kid !== kid) });
    if (tell) await this.say("keys", "{}");
  }

  endSession(accountId: string, sessionId: string, at: Date): Promise<void> {
    return this.#end("session-revoked", accountId, at, sessionId);
  }

  endAllSessions(accountId: string, at: Date): Promise<void> {
    return this.#end("session-revoked", accountId, at);
  }

  changeCredential(accountId: string, at: Date): Promise<void> {
    return this.#end("credential-change", accountId, at);
  }

  changeClaims(accountId: string, at: Date): Promise<void> {
    return this.#end("token-claims-change", accountId, at);
  }

  /** Any event of the feed. */
  async say(type: string, data: string): Promise<void> {
    await this.change({ events: [...this.#state.events, { type, data }] });
  }

  #end(type: string, accountId: string, at: Date, sessionId?: string): Promise<void> {
    const ms = at.getTime();
    const session = sessionId === undefined ? {} : { session: { format: "opaque", id: sessionId } };
    const event = {
      iss: this.issuer,
      jti: randomUUID(),
      iat: Math.floor(ms / 1000),
      aud: "kinopass-services",
      sub_id: {
        format: "complex",
        user: { format: "iss_sub", iss: this.issuer, sub: accountId },
        ...session,
      },
      events: { [`${CAEP}/${type}`]: { event_timestamp: Math.floor(ms / 1000), kp_before_ms: ms } },
    };
    return this.say("revocation", JSON.stringify(event));
  }

  async #ask(
    message: WithoutId<Exclude<ToTestAuth, { kind: "listen" }>>,
  ): Promise<Readonly<Record<string, number>>> {
    const id = ++this.#messages;
    const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, number>>>();
    this.#waiting.set(id, resolve);
    this.#child?.send({ ...message, id });
    const answer = await promise;
    this.#waiting.delete(id);
    return answer;
  }
}
