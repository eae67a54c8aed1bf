import { Type } from "typebox";
import { UUID_PATTERN } from "../ids.ts";
import { REFRESH_TOKEN_PATTERN } from "./refresh-token.ts";
import type { Tokens } from "./sessions.ts";

export const TokensSchema = Type.Object(
  {
    access_token: Type.String({ description: "A JWT for ten minutes; services verify it offline" }),
    token_type: Type.Literal("Bearer"),
    expires_in: Type.Integer({ description: "Seconds the access token lives" }),
    refresh_token: Type.String({
      pattern: REFRESH_TOKEN_PATTERN,
      description: "Opaque; every use gives the next one",
    }),
    session_id: Type.String({ pattern: UUID_PATTERN }),
  },
  {
    examples: [
      {
        access_token:
          "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",
        token_type: "Bearer",
        expires_in: 600,
        refresh_token: `kp_rt_${"A".repeat(94)}`,
        session_id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
      },
    ],
  },
);

/** Tokens as every door answers them. */
export function showTokens({ accessToken, refreshToken, expiresIn, sessionId }: Tokens) {
  return {
    access_token: accessToken,
    token_type: "Bearer" as const,
    expires_in: expiresIn,
    refresh_token: refreshToken,
    session_id: sessionId,
  };
}
