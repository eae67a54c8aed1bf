import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEmail } from "../directory/email-address.ts";
import { startAuth } from "../roles/administrators.test-support.ts";
import { watchStatements } from "../testing/watch-statements.ts";

test("addresses looked for at once are each answered with their own account, and one that nobody has with none", async (t) => {
  const auth = await startAuth(t);
  const [anna, boris] = [await auth.signUp({ region: "ru_volga" }), await auth.signUp()];
  const { accounts, db } = auth.auth.capabilities;
  const ask = (email: string) => accounts.findByEmail(parseEmail(email));
  const alone = [await ask(anna.email), await ask(boris.email), await ask("nobody@example.com")];
  const journal = watchStatements(db);
  const together = await Promise.all([anna.email, boris.email, "nobody@example.com", anna.email].map(ask));
  assert.deepEqual(journal.take(), ["accounts.find_by_identifiers"]);
  const plain = (row: object | undefined) => (row === undefined ? undefined : { ...row, number: undefined });
  assert.deepEqual(together.map(plain), [...alone, alone[0]].map(plain));
  assert.equal(together[2], undefined);
  assert.equal(together[0]?.id, anna.accountId);
});
