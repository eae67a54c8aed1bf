import type { FastifyRequest } from "fastify";

export type Language = "ru" | "en";

/** Russian for whoever's browser asks for it, or by `emulator_lang=ru`. */
export function languageOf(request: FastifyRequest): Language {
  const query = request.query;
  const chosen =
    typeof query === "object" && query !== null && "emulator_lang" in query ? query.emulator_lang : undefined;
  if (chosen === "ru" || chosen === "en") return chosen;
  return (request.headers["accept-language"] ?? "").toLowerCase().startsWith("ru") ? "ru" : "en";
}
