/** Accounts and the doors into them, and the mail that goes with both. */
import { Accounts } from "../accounts/accounts.ts";
import { EmailChange } from "../accounts/email-change.ts";
import { Erasure } from "../accounts/erasure.ts";
import { NewDevices } from "../accounts/new-device.ts";
import { Profile } from "../accounts/profile.ts";
import { SignUp } from "../accounts/sign-up.ts";
import { Codes } from "../codes/codes.ts";
import { tracedFetch } from "../http/traced-fetch.ts";
import { MailQueue } from "../mail/mail-queue.ts";
import { PairingDecisions } from "../pairing/decisions.ts";
import { Pairings } from "../pairing/pairings.ts";
import { PasswordChange } from "../passwords/change.ts";
import { Passwords } from "../passwords/passwords.ts";
import { PasswordReset } from "../passwords/reset.ts";
import { PasswordSignIn } from "../passwords/sign-in.ts";
import { socialBase, socialOf } from "../social/social.ts";
import type { Ground } from "./ground.ts";
import { keepersOf } from "./keepers.ts";
import type { Surroundings } from "./surroundings.ts";

export type People = ReturnType<typeof buildPeople>;

export function buildPeople(
  { config, clock, logger, fetch = globalThis.fetch, longestHashWaitMs }: Surroundings,
  ground: Ground,
) {
  const { db, secrets } = ground;
  const codes = new Codes({ db, clock, secrets });
  const mail = new MailQueue({ clock, secrets });
  const passwords = new Passwords({
    cost: config.hashCost,
    workers: config.hashWorkers,
    ...(longestHashWaitMs === undefined ? {} : { longestWaitMs: longestHashWaitMs }),
  });
  const base = socialBase({
    db,
    clock,
    secrets,
    mail,
    logger,
    fetch: tracedFetch(fetch),
    config: config.social,
  });
  const keepers = [base.links, ...keepersOf(ground)];
  const shared = { ...ground, clock, logger, codes, mail, passwords, keepers };
  const accounts = new Accounts(shared);
  const newDevices = new NewDevices(shared);
  const known = { ...shared, accounts, newDevices };
  const erasure = new Erasure(known);
  return {
    codes,
    mail,
    passwords,
    keepers,
    accounts,
    newDevices,
    erasure,
    signUp: new SignUp(known),
    signIn: new PasswordSignIn(known),
    passwordChange: new PasswordChange(known),
    passwordReset: new PasswordReset(known),
    emailChange: new EmailChange(known),
    profile: new Profile(known),
    social: socialOf({ ...known, erasure, base, config: config.social, issuer: config.issuer }),
    pairings: new Pairings(known),
    decisions: new PairingDecisions(known),
  };
}
