import type { Language } from "@kinopass/http";
import { parseEmail } from "../directory/email-address.ts";
import type { AccountId } from "../ids.ts";
import { demandGoodPassword } from "../passwords/policy.ts";
import { SUPERUSER } from "../roles/roles.ts";
import { CONSOLE, type Console } from "./console.ts";

export type SuperuserOutcome =
  | { readonly kind: "made"; readonly accountId: AccountId }
  | { readonly kind: "promoted"; readonly accountId: AccountId }
  | { readonly kind: "was_one"; readonly accountId: AccountId };

/**
 * Gives an existing account the role, or makes an account that has it. `readPassword` is asked only
 * where an account must be made: an existing one keeps its own. The console vouches for the address.
 */
export async function makeSuperuser(
  { capabilities: { accounts, passwords, roles } }: Console,
  { email, locale }: { readonly email: string; readonly locale: Language },
  readPassword: () => Promise<string>,
): Promise<SuperuserOutcome> {
  const address = parseEmail(email);
  const known = await accounts.findByEmail(address);
  if (known !== undefined) {
    if (known.roles.includes(SUPERUSER)) return { kind: "was_one", accountId: known.id };
    await accounts.underLock(known.id, (tx, { id }) => roles.grant(tx, CONSOLE, id, SUPERUSER));
    return { kind: "promoted", accountId: known.id };
  }
  const password = await readPassword();
  demandGoodPassword(password, address);
  const passwordHash = await passwords.hash(password);
  const made = await accounts.createConfirmed({
    email: address,
    passwordHash,
    locale,
    roles: [SUPERUSER],
    actor: CONSOLE,
  });
  return { kind: "made", accountId: made.id };
}
