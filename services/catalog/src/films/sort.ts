/** Orders of the list. A minus is "from the highest", as in `sort=-year`. */
export const SORTS = ["relevance", "title", "-title", "year", "-year", "rating", "-rating"] as const;

export type Sort = (typeof SORTS)[number];

interface Order {
  readonly column: string;
  readonly direction: "asc" | "desc";
}

/** Each column has an index with the id behind it, which both directions walk. Films that nobody rated come last, either way. */
const ORDERS: Readonly<Record<Exclude<Sort, "relevance">, Order>> = {
  title: { column: "folded", direction: "asc" },
  "-title": { column: "folded", direction: "desc" },
  year: { column: "year", direction: "asc" },
  "-year": { column: "year", direction: "desc" },
  rating: { column: "coalesce(rating, 101::smallint)", direction: "asc" },
  "-rating": { column: "coalesce(rating, -1::smallint)", direction: "desc" },
};

export function orderOf(sort: Exclude<Sort, "relevance">): Order {
  return ORDERS[sort];
}
