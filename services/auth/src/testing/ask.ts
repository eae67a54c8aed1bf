import type { SignedIn, TestAuth } from "./start-auth.ts";

export interface Answered {
  readonly status: number;
  /** The refusal's code, where it is one. */
  readonly code: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came back
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Asks the service: `ask(auth, "PUT /v1/me/password", { new_password }, anna)`. */
export async function ask(
  { app }: Pick<TestAuth, "app">,
  operation: `${Method} ${string}`,
  payload?: object,
  as?: Pick<SignedIn, "headers">,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const [method = "GET", url = "/"] = operation.split(" ");
  const answer = await app.inject({
    method: method as Method,
    url,
    headers: { ...headers, ...as?.headers },
    ...(payload === undefined ? {} : { payload }),
  });
  const body = answer.body === "" ? undefined : answer.json();
  const code = answer.statusCode >= 400 ? (body?.code as string) : undefined;
  return { status: answer.statusCode, code, body, headers: answer.headers, text: answer.body };
}

/** How often each outcome came: `{ "201": 1, credentials_wrong: 19 }`. */
export function tally(answers: readonly Answered[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of answers) {
    const key = code ?? String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Asks `times` times at once. */
export function together(times: number, once: () => Promise<Answered>): Promise<readonly Answered[]> {
  return Promise.all(Array.from({ length: times }, once));
}
