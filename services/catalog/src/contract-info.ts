import type { ContractInfo } from "@kinopass/http";

/** The words around the operations of the catalog's OpenAPI document. */
export function contractInfo(serverUrl: string): ContractInfo {
  return {
    title: "Kinopass Catalog",
    version: "1.0.0",
    description:
      "Films, genres and persons of an online cinema. Guests read everything; playing a film takes a member, an age and sometimes a subscription. Errors are RFC 9457 problem documents with a stable `code`; texts follow Accept-Language (English, Russian). Every answer has `x-request-id`.",
    serverUrl,
    tags: [
      { name: "films", description: "Finding films and playing them" },
      { name: "persons", description: "Who made them" },
      { name: "health", description: "Liveness and readiness" },
    ],
    securitySchemes: {
      access_token: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "Issued by Auth; verified here offline",
      },
    },
  };
}
