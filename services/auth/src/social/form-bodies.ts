import type { Server } from "@kinopass/http";

/**
 * Providers post forms: Apple its callback, Facebook its notices. Taken only in this scope. A field that stands twice
 * stays a list, as in a query, and whoever reads it takes a list for nothing.
 */
export function readPostedForms(scope: Server): void {
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, text, done) => {
      const form = new URLSearchParams(text as string);
      const fields = [...new Set(form.keys())].map((name) => {
        const values = form.getAll(name);
        return [name, values.length === 1 ? values[0] : values] as const;
      });
      done(null, Object.fromEntries(fields));
    },
  );
}
