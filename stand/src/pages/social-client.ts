/** What the /social page asks of Auth. */

export interface Tokens {
  access: string;
  refresh: string;
}

export interface ListedProvider {
  readonly name: string;
  readonly title: { readonly en: string; readonly ru: string };
  readonly state: "ok" | "degraded" | "down";
}

export interface LinkedAccount {
  readonly id: string;
  readonly provider: string;
  readonly display_name: string | null;
  readonly usable: boolean;
}

export interface Inside {
  readonly me: {
    readonly display_name: string | null;
    readonly email: string | null;
    readonly birth_date: string | null;
    readonly age_ceiling: number;
    readonly has_password: boolean;
  };
  readonly links: readonly LinkedAccount[];
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is read by whoever knows what they asked
  readonly body: any;
}

const DEADLINE_MS = 8_000;

export class AuthSite {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async providers(): Promise<readonly ListedProvider[]> {
    return (await this.#ask("GET", "/v1/social/providers")).body.items;
  }

  /** Undefined where the session is over. */
  async cabinet(tokens: Tokens): Promise<Inside | undefined> {
    const me = await this.#askAs(tokens, "GET", "/v1/me");
    if (me.status !== 200) return undefined;
    const links = await this.#askAs(tokens, "GET", "/v1/me/social-accounts");
    return links.status === 200 ? { me: me.body, links: links.body.items } : undefined;
  }

  async exchange(
    code: string,
    verifier: string,
    userAgent: string,
  ): Promise<{ readonly tokens?: Tokens; readonly problem: string }> {
    const payload = { code, code_verifier: verifier };
    const { status, body } = await this.#ask("POST", "/v1/social/exchange", payload, {
      "user-agent": userAgent,
    });
    return status === 201
      ? { tokens: { access: body.access_token, refresh: body.refresh_token }, problem: "" }
      : { problem: body.code };
  }

  async beginLink(
    tokens: Tokens,
    provider: string,
    returnTo: string,
    challenge: string,
  ): Promise<{ readonly authorizeUrl?: string; readonly problem: string }> {
    const path = `/v1/me/social-accounts/${encodeURIComponent(provider)}`;
    const payload = { return_to: returnTo, code_challenge: challenge };
    const { status, body } = await this.#askAs(tokens, "POST", path, payload);
    return status === 200 ? { authorizeUrl: body.authorize_url, problem: "" } : { problem: body.code };
  }

  /** The code of what went wrong, or undefined; as for the next one. */
  async confirmLink(
    tokens: Tokens,
    provider: string,
    code: string,
    verifier: string,
  ): Promise<string | undefined> {
    const path = `/v1/me/social-accounts/${encodeURIComponent(provider)}/confirm`;
    const answer = await this.#askAs(tokens, "POST", path, { code, code_verifier: verifier });
    return answer.status < 300 ? undefined : answer.body.code;
  }

  async unlink(tokens: Tokens, id: string): Promise<string | undefined> {
    const path = `/v1/me/social-accounts/${encodeURIComponent(id)}`;
    const answer = await this.#askAs(tokens, "DELETE", path);
    return answer.status < 300 ? undefined : answer.body.code;
  }

  async signOut(tokens: Tokens): Promise<void> {
    await this.#askAs(tokens, "DELETE", "/v1/sessions/current");
  }

  /** An access token that ran out is renewed once. */
  async #askAs(tokens: Tokens, method: string, path: string, payload?: object): Promise<Answer> {
    const ask = () => this.#ask(method, path, payload, { authorization: `Bearer ${tokens.access}` });
    const answer = await ask();
    if (answer.body?.code !== "access_token_invalid") return answer;
    const renewed = await this.#ask("POST", "/v1/sessions/refresh", { refresh_token: tokens.refresh });
    if (renewed.status !== 200) return answer;
    tokens.access = renewed.body.access_token;
    tokens.refresh = renewed.body.refresh_token;
    return await ask();
  }

  async #ask(
    method: string,
    path: string,
    payload?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await fetch(this.#url + path, {
      method,
      headers: { ...headers, ...(payload === undefined ? {} : { "content-type": "application/json" }) },
      ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }
}
