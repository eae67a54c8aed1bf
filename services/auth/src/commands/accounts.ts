import type { AccountRow } from "../accounts/accounts.ts";
import { refuse } from "../accounts/accounts.ts";
import { parseEmail } from "../directory/email-address.ts";
import { type AccountId, UUID_PATTERN } from "../ids.ts";
import { CONSOLE, type Console } from "./console.ts";

/** By id or by e-mail. Refuses `account_not_found`, `email_invalid`. */
export async function findAccount({ capabilities }: Console, idOrEmail: string): Promise<AccountRow> {
  const { accounts } = capabilities;
  const found = new RegExp(UUID_PATTERN).test(idOrEmail)
    ? await accounts.find(idOrEmail as AccountId)
    : await accounts.findByEmail(parseEmail(idOrEmail));
  if (found === undefined) throw refuse.account_not_found();
  return found;
}

/** Everything that is kept about the account, as JSON; no secret is in it. */
export async function exportAccount(
  { capabilities }: Console,
  id: AccountId,
): Promise<Record<string, unknown>> {
  return await capabilities.erasure.export(id);
}

/** Erases the account and all that is kept about it. Refuses `last_superuser`. */
export async function eraseAccount({ capabilities }: Console, id: AccountId): Promise<void> {
  await capabilities.erasure.erase(id, CONSOLE);
}

/** Moves the account's data to another region. Its id stays; tokens go on working. Refuses `region_unknown`. */
export async function moveAccount(
  { capabilities }: Console,
  id: AccountId,
  region: string,
): Promise<AccountRow> {
  return await capabilities.profile.change(id, { region }, CONSOLE);
}
