import type { AuthOperations } from "@kinopass/contract";
import { type ResilientFetch, type ResilientFetchOptions, resilientFetch } from "./resilient-fetch.ts";

type Operation = keyof AuthOperations;
type Json<Answer> = Answer extends { content: { "application/json": infer Body } } ? Body : undefined;
type Success<Of extends Operation> = AuthOperations[Of]["responses"] extends { 200: infer Answer }
  ? Json<Answer>
  : undefined;
type Query<Of extends Operation> = NonNullable<AuthOperations[Of]["parameters"]["query"]>;

export type TokenReport = Success<"introspectToken">;
export type AdminAccount = Success<"getAccount">;
export type AccountPage = Success<"findAccounts">;
export type RolePage = Success<"listRoles">;

export interface AuthClientOptions {
  /** Where Auth is reached, e.g. `https://auth.kinopass.ru`. */
  readonly baseUrl: string;
  /** Made by `kinopass service add` with the scopes `introspect` and `revoke`, as far as they are used. */
  readonly credential: { readonly id: string; readonly secret: string };
  /** Deadline (250 ms over everything), retries, clock: see `resilientFetch`. */
  readonly resilience?: ResilientFetchOptions;
}

export interface CallOptions {
  /** Of the request that this call is made for: where that ends, by its own deadline or because nobody waits, this ends too. */
  readonly signal?: AbortSignal | undefined;
}

/** Auth answered, and the answer is no. `code` is the stable code of its problem document (RFC 9457). */
export class AuthRefused extends Error {
  override readonly name = "AuthRefused";
  readonly status: number;
  readonly code: string;
  /** The id under which Auth's log and trace have it. */
  readonly requestId: string | undefined;
  /** For 429 and 503, where Auth says when. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, details: { requestId?: string; retryAfterMs?: number }) {
    super(`Auth answered ${status} ${code}`);
    this.status = status;
    this.code = code;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * Auth's contract for other services, typed by its OpenAPI document. Who is calling needs none of this:
 * that is the guard's, offline. Make one and keep it: breaker, retry budget and throttle learn from its calls.
 *
 * Every method throws `AuthRefused` where Auth said no and `CallFailed` where it did not answer; a service
 * turns the latter into 503, never into 401. Admin reads are made in the name of the person whose access
 * token is passed: Auth checks their permissions.
 */
export class AuthClient {
  readonly #base: string;
  readonly #basic: string;
  readonly #fetch: ResilientFetch;

  constructor({ baseUrl, credential, resilience }: AuthClientOptions) {
    this.#base = baseUrl.replace(/\/$/, "");
    this.#basic = `Basic ${Buffer.from(`${credential.id}:${credential.secret}`).toString("base64")}`;
    this.#fetch = resilientFetch(resilience);
  }

  /** Whether a token is active right now, by Auth's own database (RFC 7662). Scope `introspect`. */
  introspect(token: string, { signal }: CallOptions = {}): Promise<TokenReport> {
    return this.#ask("/v1/introspect", {
      method: "POST",
      authorization: this.#basic,
      body: { token },
      signal,
    });
  }

  /** Ends the session of an access or refresh token (RFC 7009). Scope `revoke`. */
  async revoke(token: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#ask("/v1/revoke", { method: "POST", authorization: this.#basic, body: { token }, signal });
  }

  /** Needs `accounts:read`. */
  account(accessToken: string, id: string, { signal }: CallOptions = {}): Promise<AdminAccount> {
    const authorization = `Bearer ${accessToken}`;
    return this.#ask(`/v1/accounts/${encodeURIComponent(id)}`, { authorization, signal });
  }

  /** By exact e-mail, or of a region; a page. Needs `accounts:read`. */
  accounts(
    accessToken: string,
    query: Query<"findAccounts">,
    { signal }: CallOptions = {},
  ): Promise<AccountPage> {
    return this.#ask("/v1/accounts", { authorization: `Bearer ${accessToken}`, query, signal });
  }

  /** A page. Needs `roles:read`. */
  roles(
    accessToken: string,
    query: Query<"listRoles"> = {},
    { signal }: CallOptions = {},
  ): Promise<RolePage> {
    return this.#ask("/v1/roles", { authorization: `Bearer ${accessToken}`, query, signal });
  }

  async #ask<Body>(path: string, asked: Asked): Promise<Body> {
    const url = new URL(`${this.#base}${path}`);
    for (const [name, value] of Object.entries(asked.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const response = await this.#fetch(url, {
      method: asked.method ?? "GET",
      headers: {
        accept: "application/json",
        authorization: asked.authorization,
        ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
    });
    if (!response.ok) throw await refusedBy(response);
    // The contract is generated from Auth's routes, which check what they answer.
    return (await response.json()) as Body;
  }
}

interface Asked {
  readonly method?: "POST";
  readonly authorization: string;
  readonly query?: object;
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
}

async function refusedBy(response: Response): Promise<AuthRefused> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; request_id?: unknown };
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new AuthRefused(
    response.status,
    typeof problem.code === "string" ? problem.code : "unreadable_answer",
    {
      ...(typeof problem.request_id === "string" ? { requestId: problem.request_id } : {}),
      ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
    },
  );
}

/** A client for one Auth; see `AuthClient`. */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  return new AuthClient(options);
}
