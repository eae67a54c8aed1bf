import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { refuse as refuseAccount } from "../accounts/accounts.ts";
import { actingOf } from "../accounts/acting.ts";
import { CaptchaPassField, CodeField, EmailField, PasswordField } from "../accounts/fields.ts";
import { refuse as refuseCode } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { clientOf } from "../http/client.ts";
import { emailName } from "../sign-in-guard/names.ts";
import type { SignInGuard } from "../sign-in-guard/sign-in-guard.ts";
import type { PasswordChange } from "./change.ts";
import { refuse as refuseHash } from "./lane.ts";
import { policyRefusals } from "./policy.ts";
import { refuse } from "./refusals.ts";
import type { PasswordReset } from "./reset.ts";

interface Dependencies {
  readonly passwordChange: PasswordChange;
  readonly passwordReset: PasswordReset;
  readonly authenticate: Authenticate;
  readonly directory: Directory;
  readonly signInGuard: SignInGuard;
}

const tags = ["passwords"];

export function passwordRoutes(
  app: Server,
  { passwordChange, passwordReset, authenticate, directory, signInGuard }: Dependencies,
): void {
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
      schema: {
        operationId: "changePassword",
        summary: "Change the password, or set a first one",
        description:
          "Other devices are signed out. The current password is needed where there is one; without one, a sign-in of the last ten minutes.",
        tags,
        security: memberSecurity,
        body: Type.Object(
          { current_password: Type.Optional(Type.String({ minLength: 1 })), new_password: PasswordField },
          {
            examples: [
              { current_password: "четыре зелёных сапога", new_password: "пять жёлтых зонтов у двери" },
            ],
          },
        ),
        response: { 204: Type.Null({ description: "Changed" }) },
      },
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.member(request), request);
      const { current_password: current, new_password: next } = request.body;
      await passwordChange.change(acting, { current, next }, signInGuard.triesOf(request, reply));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/password-resets",
    {
      config: {
        limit: { class: "reset", account: emailName(directory, "reset") },
        refuses: [refuseEmail.email_invalid],
      },
      schema: {
        operationId: "askPasswordReset",
        summary: "Ask for a code to choose a new password",
        description: "The same answer for every address; a mail goes out where there is an account.",
        tags,
        body: Type.Object(
          { email: EmailField, captcha_pass: Type.Optional(CaptchaPassField) },
          { examples: [{ email: "anna@example.com" }] },
        ),
        response: {
          202: Type.Object(
            { next: Type.Literal("confirm_reset") },
            { description: "Look into the mailbox", examples: [{ next: "confirm_reset" }] },
          ),
        },
      },
    },
    async (request, reply) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      await passwordReset.ask(parseEmail(request.body.email), language, clientOf(request));
      return reply.code(202).send({ next: "confirm_reset" as const });
    },
  );

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
      schema: {
        operationId: "confirmPasswordReset",
        summary: "Choose a new password with the code from the mail",
        description: "Every device is signed out, and every other pending code dies.",
        tags,
        body: Type.Object(
          { email: EmailField, code: CodeField, new_password: PasswordField },
          {
            examples: [
              { email: "anna@example.com", code: "40728163", new_password: "пять жёлтых зонтов у двери" },
            ],
          },
        ),
        response: { 204: Type.Null({ description: "Changed; sign in with it" }) },
      },
    },
    async (request, reply) => {
      const { email, code, new_password: password } = request.body;
      await passwordReset.confirm({ email: parseEmail(email), code, password }, clientOf(request));
      return reply.code(204).send(null);
    },
  );
}
