import { type TSchema, Type } from "typebox";
import { invalidInput } from "./mistakes.ts";
import type { AppError } from "./refusals.ts";
import { isCleanText } from "./strict-json.ts";

/** Every list answers a page and, where there is more, the cursor that continues it. Its example is its item's. */
export function pageOf<Item extends TSchema>(item: Item) {
  const [example] = (item as { examples?: readonly unknown[] }).examples ?? [];
  return Type.Object(
    {
      items: Type.Array(item),
      next_cursor: Type.Union([Type.String(), Type.Null()], {
        description: "Pass it as `cursor` for the next page; null at the end",
      }),
    },
    example === undefined ? {} : { examples: [{ items: [example], next_cursor: null }] },
  );
}

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** The page of `size` out of rows of which one more was asked for: that one says whether there is a next page. */
export function pageFrom<Row>(
  rows: readonly Row[],
  size: number,
  cursorAfter: (last: Row) => string,
): Page<Row> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > size && last !== undefined ? cursorAfter(last) : null };
}

/** A cursor that we did not make, or made for another list. */
export function wrongCursor(): AppError {
  return invalidInput({
    at: "/query/cursor",
    message: {
      en: "This cursor does not continue this list; leave it out to start again",
      ru: "Этот курсор не продолжает этот список, начните сначала, без него",
    },
  });
}

/** Cursors are opaque to callers: base64url of a JSON array of scalars. Undefined means "not one of ours". */
export function decodeCursor(cursor: string): readonly (string | number)[] | undefined {
  if (cursor.length > 512 || !/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (!Array.isArray(parts) || parts.length > 8) return undefined;
    return parts.every((part) => (typeof part === "string" ? isCleanText(part) : Number.isSafeInteger(part)))
      ? (parts as (string | number)[])
      : undefined;
  } catch {
    return undefined;
  }
}

export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}
