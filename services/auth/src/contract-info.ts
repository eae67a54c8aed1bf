import type { ContractInfo } from "@kinopass/http";

/** The words around the operations of Auth's OpenAPI document. */
export function contractInfo(serverUrl: string): ContractInfo {
  return {
    title: "Kinopass Auth",
    version: "1.0.0",
    description:
      "Sign-up, sign-in and everything around it for an online cinema. Errors are RFC 9457 problem documents with a stable `code`; texts follow Accept-Language (English, Russian). Times are RFC 3339 in UTC. Every answer has `x-request-id`.",
    serverUrl,
    tags: [
      { name: "accounts", description: "Signing up and the person's own data" },
      { name: "sessions", description: "Signing in and out, devices, tokens" },
      { name: "passwords", description: "Changing and resetting" },
      { name: "social", description: "Signing in with a social account" },
      { name: "tv", description: "Captcha and pairing for televisions" },
      { name: "roles", description: "Roles and who has them" },
      { name: "admin", description: "Accounts as an administrator sees them" },
      { name: "for services", description: "Keys, introspection and revocations" },
      { name: "health", description: "Liveness and readiness" },
    ],
    securitySchemes: {
      access_token: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "From any sign-in or refresh",
      },
      service_credential: { type: "http", scheme: "basic", description: "Made by `kinopass service add`" },
    },
  };
}
