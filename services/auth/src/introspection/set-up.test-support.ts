import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import type { SignedIn, TestAuth } from "../testing/start-auth.ts";
import type { NewCredential, Scope } from "./service-credentials.ts";

export const CONSOLE = { kind: "console" } as const;
export const ALL: readonly Scope[] = ["introspect", "revoke", "revocations"];

export async function setUp(t: TestContext, scopes = ALL) {
  const auth = await startAuth(t);
  const credential = await auth.auth.capabilities.services.add(CONSOLE, "catalog", scopes);
  return { auth, credential, anna: await signUpWith(auth, "subscriber") };
}

export type Credential = Pick<NewCredential, "id"> & { readonly secret: string };

export async function post(
  { app }: TestAuth,
  url: string,
  by: Credential | undefined,
  body: object | string,
) {
  const form = typeof body === "string";
  const answer = await app.inject({
    method: "POST",
    url,
    headers: {
      "content-type": form ? "application/x-www-form-urlencoded" : "application/json",
      ...(by === undefined ? {} : { authorization: basic(by) }),
    },
    payload: form ? body : JSON.stringify(body),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.json() as Record<string, unknown>,
  };
}

function basic({ id, secret }: Credential): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

/** What introspection says of both tokens of a session. */
export async function activeTokens(
  auth: TestAuth,
  credential: Credential,
  person: SignedIn,
): Promise<boolean[]> {
  const answers = [];
  for (const token of [person.accessToken, person.refreshToken]) {
    const { status, body } = await post(auth, "/v1/introspect", credential, { token });
    assert.equal(status, 200);
    if (body["active"] === false) assert.deepEqual(body, { active: false });
    answers.push(body["active"] === true);
  }
  return answers;
}
