import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { type Answered, ask } from "../testing/ask.ts";
import { GOOD_PASSWORD, type Overrides, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

type Headers = Readonly<Record<string, string>>;

/** Auth with the limits it has in production; tests come from any address they like, by way of a trusted proxy. */
export function startLimited(
  t: Parameters<typeof startTestAuth>[0],
  config: Overrides["config"] = {},
): Promise<TestAuth> {
  return startTestAuth(t, {
    config: { trustedProxies: ["127.0.0.1/32"], ...config },
    surroundings: { policies: DEFAULT_POLICIES },
  });
}

export const from = (address: string, more: Headers = {}): Headers => ({
  "x-forwarded-for": address,
  ...more,
});

/** Each number its own network, so that only the account's own limits can stop them. */
export const stranger = (n: number): Headers => from(`203.${n >> 8}.${n & 255}.7`);

export const signIn = (
  auth: TestAuth,
  email: string,
  password: string = GOOD_PASSWORD,
  headers: Headers = {},
  more: object = {},
): Promise<Answered> => ask(auth, "POST /v1/sessions", { email, password, ...more }, undefined, headers);

/** What a browser sends back of what it was given. */
export function cookieOf({ headers }: Answered): string {
  return String(headers["set-cookie"]).split(";")[0] ?? "";
}

/** Fails at an account from `count` addresses, all at once. */
export function failFrom(auth: TestAuth, email: string, count: number): Promise<readonly Answered[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) => signIn(auth, email, `wrong guess ${n}`, stranger(n))),
  );
}
