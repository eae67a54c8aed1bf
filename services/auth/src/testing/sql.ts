import type { TestAuth } from "./start-auth.ts";

/** Looks into the database itself. Every text is planned anew: give it whole. */
export async function sql<Row = Record<string, unknown>>(
  { auth }: Pick<TestAuth, "auth">,
  text: string,
  ...values: readonly unknown[]
): Promise<readonly Row[]> {
  return (await auth.capabilities.db.run<Row>({ name: "", text, values })).rows;
}
