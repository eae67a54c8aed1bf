import type { GuardRefusal } from "./refusals.ts";

export const PRIVATE = "private, no-store";

/** RFC 9457, for services that do not bring their own errors. */
export function problemBody(
  refusal: GuardRefusal,
  acceptLanguage: string | undefined,
  requestId?: string,
): Readonly<Record<string, unknown>> {
  const language = /^\s*ru\b/i.test(acceptLanguage ?? "") ? "ru" : "en";
  return {
    type: `urn:kinopass:problem:${refusal.code}`,
    title: refusal.title[language],
    status: refusal.status,
    code: refusal.code,
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}

/** Whoever caches the answer must know that it depends on who asked (RFC 9110 §12.5.5). */
export function addVary(present: unknown, set: (vary: string) => void): void {
  const names = [present ?? []].flat().join(", ");
  if (/(^|,)\s*(authorization|\*)\s*(,|$)/i.test(names)) return;
  set(names === "" ? "authorization" : `${names}, authorization`);
}
