import { decodeCursor, encodeCursor, refusals } from "@kinopass/http";
import type { Signer } from "../secrets.ts";

export const refuse = refusals({
  cursor_invalid: {
    status: 400,
    title: { en: "The cursor does not belong to this list", ru: "Курсор не от этого списка" },
    detail: {
      en: "Pass next_cursor as it came, with the same query, filters and sort",
      ru: "Передайте next_cursor без изменений, с теми же запросом, фильтрами и порядком",
    },
  },
});

/** Where a page ended. Integers only: a page's statement takes no text from a cursor. */
export type Place = readonly number[];

/**
 * Cursors that are signed together with the list they continue, so that one from another query, or a
 * made-up one, is refused before the database is asked.
 */
export class Cursors {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  issue(list: readonly unknown[], place: Place): string {
    return encodeCursor([...place, this.#signer.sign(JSON.stringify([list, place]))]);
  }

  /** @throws cursor_invalid */
  read(list: readonly unknown[], cursor: string): Place {
    const parts = decodeCursor(cursor) ?? [];
    const signature = parts.at(-1);
    const place = parts.slice(0, -1).filter((part) => typeof part === "number");
    const whole = place.length === parts.length - 1 && typeof signature === "string";
    if (!whole || !this.#signer.verify(JSON.stringify([list, place]), signature))
      throw refuse.cursor_invalid();
    return place;
  }
}
