import { Type } from "typebox";

/** Fields that several operations take. */
export const ProviderParams = Type.Object({
  provider: Type.String({
    maxLength: 32,
    description: "yandex, vk, mailru, google, facebook, x, odnoklassniki, telegram or apple",
    examples: ["vk"],
  }),
});

export const ReturnToField = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: "Where the browser ends; one of AUTH_SOCIAL_RETURN_TO. Left out: the first of them",
  examples: ["https://kinopass.example/signed-in"],
});

export const ChallengeField = Type.String({
  pattern: "^[A-Za-z0-9_-]{43}$",
  description: "base64url(SHA-256(code_verifier)), RFC 7636 §4.2",
  examples: ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
});

export const VerifierField = Type.String({
  pattern: "^[A-Za-z0-9._~-]{43,128}$",
  description: "Of the code_challenge that was given at the start",
  examples: ["dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"],
});
