/** Every operation that the contract closes, asked by strangers: no body, path or query changes what they hear. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestAuth } from "../testing/start-auth.ts";

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

function closedOperations(paths: Paths) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { security = [] }]) => {
      const [scheme] = Object.keys(security[0] ?? {});
      return scheme === undefined ? [] : [{ path, method: method.toUpperCase(), scheme }];
    }),
  );
}

const STRANGERS = {
  access_token: [
    [{}, "sign_in_required"],
    [{ authorization: "Basic c3ZjOng=" }, "sign_in_required"],
    [{ authorization: "Bearer aaaa.bbbb.cccc" }, "access_token_invalid"],
  ],
  service_credential: [
    [{}, "invalid_client"],
    [{ authorization: `Basic ${btoa(`svc_0123456789abcdef:kp_sk_${"A".repeat(43)}`)}` }, "invalid_client"],
  ],
} as const;

const REQUESTS = [
  { name: "nothing", headers: {} },
  { name: "no JSON", payload: "{", headers: { "content-type": "application/json" } },
  { name: "unknown fields", payload: '{"a":1}', headers: { "content-type": "application/json" } },
  { name: "another type", payload: "<a/>", headers: { "content-type": "text/xml" } },
  { name: "another charset", payload: "{}", headers: { "content-type": "application/json; charset=utf-16" } },
  {
    name: "too much",
    payload: JSON.stringify("x".repeat(70_000)),
    headers: { "content-type": "application/json" },
  },
  { name: "an unknown query", query: "?unknown=%00&unknown=2", headers: {} },
];

test("strangers hear 401 whatever they send", async (t) => {
  const { app } = await startTestAuth(t);
  const closed = closedOperations((await app.inject("/openapi.json")).json().paths);
  assert.ok(closed.length > 25, "the contract says which operations are closed");
  for (const { path, method, scheme } of closed) {
    for (const [authorization, code] of STRANGERS[scheme as keyof typeof STRANGERS]) {
      for (const { name, payload, query = "", headers } of REQUESTS) {
        if (payload !== undefined && method === "GET") continue;
        const url = `${path.replaceAll(/\{[^}]*\}/g, "%00")}${query}`;
        const answer = await app.inject({
          method: method as "POST",
          url,
          headers: { ...headers, ...authorization },
          ...(payload === undefined ? {} : { payload }),
        });
        const asked = `${method} ${url} with ${name}: ${answer.body}`;
        assert.equal(answer.statusCode, 401, asked);
        assert.equal(answer.json().code, code, asked);
        assert.ok(answer.headers["www-authenticate"], asked);
      }
    }
  }
});
