import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Statement, statement } from "@kinopass/postgres";
import type { AccountId } from "../ids.ts";
import { type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

/** The whole service; when the test ends it is closed before its database is dropped. */
export async function startAuth(t: Pick<TestContext, "after">): Promise<TestAuth> {
  const last: (() => unknown)[] = [];
  t.after(async () => {
    for (const undo of last.reverse()) await undo();
  });
  return await startTestAuth({ after: (undo) => void last.push(undo as () => unknown) });
}

const CONSOLE = { kind: "console" } as const;

/** Signs somebody up and gives them roles from the console. */
export async function signUpWith(test: TestAuth, ...roles: readonly string[]): Promise<SignedIn> {
  const person = await test.signUp();
  for (const role of roles) await grantFromConsole(test, person.accountId, role);
  return person;
}

export async function grantFromConsole({ auth }: TestAuth, accountId: string, role: string): Promise<void> {
  const { accounts, roles } = auth.capabilities;
  await accounts.underLock(accountId as AccountId, (tx, account) =>
    roles.grant(tx, CONSOLE, account.id, role),
  );
}

/** Makes a role from the console. */
export async function makeRole(
  { auth }: TestAuth,
  name: string,
  permissions: Parameters<TestAuth["auth"]["capabilities"]["roles"]["create"]>[1]["permissions"],
): Promise<void> {
  await auth.capabilities.roles.create(CONSOLE, { name, permissions, description: "for the test" });
}

/** Sends a request as somebody; answers status, code and body. */
export async function ask(
  { app }: TestAuth,
  who: SignedIn | undefined,
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  url: string,
  payload?: object,
) {
  const answer = await app.inject({
    method,
    url,
    ...(who === undefined ? {} : { headers: who.headers }),
    ...(payload === undefined ? {} : { payload }),
  });
  const body = answer.body === "" ? undefined : (answer.json() as Record<string, unknown>);
  return { status: answer.statusCode, code: body?.["code"], body: body ?? {} };
}

/** Expects a refusal. */
export async function refused(
  test: TestAuth,
  who: SignedIn | undefined,
  [method, url, payload]: readonly [Parameters<typeof ask>[2], string, object?],
  expected: { status: number; code: string },
): Promise<void> {
  const { status, code } = await ask(test, who, method, url, payload);
  assert.deepEqual({ status, code }, expected, `${method} ${url}`);
}

/** Looks behind the service's back. */
export async function look<Row>({ auth }: TestAuth, text: string, ...values: unknown[]): Promise<Row[]> {
  const question: Statement = { name: "", text, values };
  return (await auth.capabilities.db.run<Row>(question)).rows;
}

export const setStatus = statement<never>(
  "test.set_status",
  "update auth.accounts set status = $2 where id = $1",
);
