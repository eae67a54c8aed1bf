import { invalidInput, isCleanText, type Server, type Texts } from "@kinopass/http";

const WRONG_PARAMETER: Texts = {
  en: "A parameter stands twice or has characters that are not allowed",
  ru: "Параметр повторяется, или в нём есть недопустимые символы",
};

/**
 * OAuth speaks in forms (RFC 7662 §2.1, RFC 7009 §2.1). Taken only on the routes of this scope, and as
 * strictly as JSON: a parameter given twice is refused (RFC 6749 §3.2); one we do not know is ignored,
 * as the same section demands.
 */
export function readForms(scope: Server, known: readonly string[]): void {
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, text, done) => {
      const form = new URLSearchParams(text as string);
      const given = known.filter((name) => form.has(name));
      const clean = given.every(
        (name) => form.getAll(name).length === 1 && isCleanText(form.get(name) ?? ""),
      );
      if (clean) done(null, Object.fromEntries(given.map((name) => [name, form.get(name)])));
      else {
        done(invalidInput({ at: "/body", message: WRONG_PARAMETER }));
      }
    },
  );
}
