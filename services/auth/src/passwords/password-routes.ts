import { chooseLanguage, type Server } from "@kinopass/http";
import { refuse as refuseAccount } from "../accounts/accounts.ts";
import { actingOf } from "../accounts/acting.ts";
import { refuse as refuseCode } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import { type Authenticate, memberRefusals, refuse as refuseMember } from "../http/authenticate.ts";
import { clientOf } from "../http/client.ts";
import { emailName } from "../sign-in-guard/names.ts";
import type { SignInGuard } from "../sign-in-guard/sign-in-guard.ts";
import type { PasswordChange } from "./change.ts";
import { refuse as refuseHash } from "./lane.ts";
import { policyRefusals } from "./policy.ts";
import { refuse } from "./refusals.ts";
import type { PasswordReset } from "./reset.ts";
import { askResetSchema, changeSchema, confirmResetSchema } from "./schemas.ts";

interface Dependencies {
  readonly passwordChange: PasswordChange;
  readonly passwordReset: PasswordReset;
  readonly authenticate: Authenticate;
  readonly directory: Directory;
  readonly signInGuard: SignInGuard;
}

export function passwordRoutes(app: Server, dependencies: Dependencies): void {
  changeRoute(app, dependencies);
  askResetRoute(app, dependencies);
  confirmResetRoute(app, dependencies);
}

function changeRoute(app: Server, { passwordChange, authenticate, signInGuard }: Dependencies): void {
  app.put(
    "/v1/me/password",
    {
      config: {
        limit: { class: "sign-in" },
        refuses: [
          ...memberRefusals,
          refuseMember.reauth_required,
          refuseAccount.account_not_found,
          ...policyRefusals,
          refuse.current_password_needed,
          refuse.current_password_wrong,
          refuse.password_unchanged,
          refuse.email_needed,
          refuseHash.busy_try_again,
        ],
      },
      schema: changeSchema,
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.member(request), request);
      const { current_password: current, new_password: next } = request.body;
      await passwordChange.change(acting, { current, next }, signInGuard.triesOf(request, reply));
      return reply.code(204).send(null);
    },
  );
}

function askResetRoute(app: Server, { passwordReset, directory }: Dependencies): void {
  app.post(
    "/v1/password-resets",
    {
      config: {
        limit: { class: "reset", account: emailName(directory, "reset") },
        refuses: [refuseEmail.email_invalid],
      },
      schema: askResetSchema,
    },
    async (request, reply) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      await passwordReset.ask(parseEmail(request.body.email), language, clientOf(request));
      return reply.code(202).send({ next: "confirm_reset" as const });
    },
  );
}

function confirmResetRoute(app: Server, { passwordReset, directory }: Dependencies): void {
  app.post(
    "/v1/password-resets/confirm",
    {
      config: {
        limit: { class: "sign-in", account: emailName(directory, "reset-code") },
        refuses: [
          refuseEmail.email_invalid,
          refuseCode.code_wrong,
          ...policyRefusals,
          refuseHash.busy_try_again,
        ],
      },
      schema: confirmResetSchema,
    },
    async (request, reply) => {
      const { email, code, new_password: password } = request.body;
      await passwordReset.confirm({ email: parseEmail(email), code, password }, clientOf(request));
      return reply.code(204).send(null);
    },
  );
}
