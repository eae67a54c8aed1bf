/** For tests: browsers with a cookie jar of their own, and the person before them. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type Answered, ask } from "../testing/ask.ts";
import { type SignedIn, signedIn, type TestAuth } from "../testing/start-auth.ts";
import type { Outcome } from "./providers/emulated.ts";
import type { ProviderName } from "./providers/provider.ts";

export const SITE = "http://site.test/signed-in";

// By name, so that compiling the service does not wait for a package that only its tests run.
const PACKAGE: string = "@kinopass/emulators";
const { consent } = (await import(PACKAGE)) as {
  consent(url: URL | string, choice: { person: string }): Promise<Outcome>;
};

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export interface Landed {
  readonly status: number;
  readonly location: URL | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly problem: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Opens addresses of the service and keeps its cookies, as a browser would. */
export class Browser {
  /** The instance that answers; a balancer may choose another for each request. */
  #app: TestAuth["app"];
  readonly cookies = new Map<string, string>();
  readonly #crossSite = new Set<string>();
  userAgent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";

  constructor({ app }: Pick<TestAuth, "app">) {
    this.#app = app;
  }

  /** The provider's page that a start leads to. */
  async start(
    provider: ProviderName,
    { returnTo = SITE, challenge }: { returnTo?: string; challenge?: string } = {},
  ) {
    const query = new URLSearchParams({
      return_to: returnTo,
      ...(challenge && { code_challenge: challenge }),
    });
    const answer = await this.open(`/v1/social/${provider}/start?${query}`);
    assert.equal(answer.status, 302, answer.text);
    assert.ok(answer.location);
    return answer.location;
  }

  /** The person agrees (or `deny`); what the provider sends the browser back with. */
  async agree(page: URL | string, person: string): Promise<Outcome> {
    return await consent(page, { person });
  }

  /** Brings what the provider gave to the callback. */
  async comeBack({ method, url, fields }: Outcome): Promise<Landed> {
    const address = new URL(url);
    const path = address.pathname + (method === "GET" ? address.search : "");
    return method === "GET" ? await this.open(path) : await this.post(path, fields);
  }

  async open(url: string): Promise<Landed> {
    return this.#landed(await this.#app.inject({ method: "GET", url, headers: this.headers() }));
  }

  /** From here on answered by another instance. */
  moveTo({ app }: Pick<TestAuth, "app">): this {
    this.#app = app;
    return this;
  }

  /** A form that another site's page posts: only cookies that are meant for that go with it. */
  async post(url: string, fields: Readonly<Record<string, string>>): Promise<Landed> {
    const headers = {
      ...this.headers("cross-site POST"),
      "content-type": "application/x-www-form-urlencoded",
    };
    const payload = new URLSearchParams(fields).toString();
    return this.#landed(await this.#app.inject({ method: "POST", url, headers, payload }));
  }

  /** All the way to `return_to`. */
  async goThrough(
    provider: ProviderName,
    person: string,
    options: { challenge?: string } = {},
  ): Promise<Landed> {
    return await this.comeBack(await this.agree(await this.start(provider, options), person));
  }

  async signIn(provider: ProviderName, person: string): Promise<SignedIn> {
    const { verifier, challenge } = pkce();
    const landed = await this.goThrough(provider, person, { challenge });
    assert.ok(landed.code, `${landed.status} ${landed.error ?? landed.text}`);
    const answer = await this.exchange(landed.code, verifier);
    assert.equal(answer.status, 201, answer.text);
    return signedIn("", "", answer.body);
  }

  async exchange(code: string, verifier?: string): Promise<Answered> {
    const payload = { code, ...(verifier && { code_verifier: verifier }) };
    return await ask({ app: this.#app }, "POST /v1/social/exchange", payload, undefined, this.headers());
  }

  /** Begins to link as somebody who is signed in, keeping the cookie that comes with the answer. */
  async beginLink(
    provider: ProviderName,
    as: Pick<SignedIn, "headers">,
    challenge?: string,
  ): Promise<string> {
    const payload = { return_to: SITE, ...(challenge && { code_challenge: challenge }) };
    const answer = await ask(
      { app: this.#app },
      `POST /v1/me/social-accounts/${provider}`,
      payload,
      as,
      this.headers(),
    );
    assert.equal(answer.status, 200, answer.text);
    this.#keep(answer.headers["set-cookie"]);
    return answer.body.authorize_url;
  }

  async link(provider: ProviderName, person: string, as: Pick<SignedIn, "headers">): Promise<Landed> {
    return await this.comeBack(await this.agree(await this.beginLink(provider, as), person));
  }

  headers(kind: "navigation" | "cross-site POST" = "navigation"): Record<string, string> {
    // On loopback all ports are one site, so nothing is cross-site there.
    const isSecure = [...this.cookies.keys()].some((name) => name.startsWith("__Host-"));
    const sent = [...this.cookies].filter(
      ([name]) => kind === "navigation" || !isSecure || this.#crossSite.has(name),
    );
    const cookie = sent.map(([name, value]) => `${name}=${value}`).join("; ");
    return { "user-agent": this.userAgent, ...(cookie === "" ? {} : { cookie }) };
  }

  #keep(set: unknown): void {
    for (const line of [set ?? []].flat() as string[]) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
      if (line.includes("SameSite=None")) this.#crossSite.add(name);
    }
  }

  #landed(answer: { statusCode: number; headers: Record<string, unknown>; body: string }): Landed {
    this.#keep(answer.headers["set-cookie"]);
    const { location } = answer.headers as { location?: string };
    const url = location === undefined ? undefined : new URL(location);
    return {
      status: answer.statusCode,
      location: url,
      code: url?.searchParams.get("code") ?? undefined,
      error: url?.searchParams.get("error") ?? undefined,
      problem: answer.statusCode >= 400 ? (JSON.parse(answer.body) as { code: string }).code : undefined,
      headers: answer.headers,
      text: answer.body,
    };
  }
}
