import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import type { SigningKeys } from "./signing-keys.ts";

const Jwk = Type.Object({
  kty: Type.Literal("OKP"),
  crv: Type.Literal("Ed25519"),
  x: Type.String(),
  kid: Type.String(),
  alg: Type.Literal("EdDSA"),
  use: Type.Literal("sig"),
});

export function tokenRoutes(app: Server, { keys, issuer }: { keys: SigningKeys; issuer: string }): void {
  app.get(
    "/.well-known/jwks.json",
    {
      config: { limit: false },
      schema: {
        operationId: "getSigningKeys",
        summary: "Public keys that verify access tokens",
        description:
          "Previous, current and next. Keep them: a service that has them verifies callers while Auth is away.",
        tags: ["for services"],
        response: {
          200: Type.Object(
            { keys: Type.Array(Jwk) },
            {
              examples: [
                {
                  keys: [
                    {
                      kty: "OKP",
                      crv: "Ed25519",
                      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                      kid: "0193a5c2-7d1e-7b3c-9f10",
                      alg: "EdDSA",
                      use: "sig",
                    },
                  ],
                },
              ],
            },
          ),
        },
      },
    },
    async (_request, reply) => {
      reply.header("cache-control", "public, max-age=60");
      return { keys: (await keys.published()) as never };
    },
  );

  app.get(
    "/.well-known/oauth-authorization-server",
    {
      config: { limit: false },
      schema: {
        operationId: "getServerMetadata",
        summary: "Where everything is (RFC 8414)",
        tags: ["for services"],
        response: {
          200: Type.Object(
            {
              issuer: Type.String(),
              jwks_uri: Type.String(),
              token_endpoint: Type.String(),
              introspection_endpoint: Type.String(),
              revocation_endpoint: Type.String(),
              response_types_supported: Type.Array(Type.String()),
              grant_types_supported: Type.Array(Type.String()),
              introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
              revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
              service_documentation: Type.String(),
            },
            { examples: [metadata("https://auth.example")] },
          ),
        },
      },
    },
    async (_request, reply) => {
      reply.header("cache-control", "public, max-age=300");
      return metadata(issuer);
    },
  );
}

function metadata(issuer: string) {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/v1/sessions/refresh`,
    introspection_endpoint: `${issuer}/v1/introspect`,
    revocation_endpoint: `${issuer}/v1/revoke`,
    response_types_supported: [],
    grant_types_supported: ["refresh_token"],
    introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
    revocation_endpoint_auth_methods_supported: ["client_secret_basic"],
    service_documentation: `${issuer}/docs`,
  };
}
