import { Type } from "typebox";
import { CaptchaPassField, CodeField, EmailField, PasswordField } from "../accounts/fields.ts";
import { memberSecurity } from "../http/authenticate.ts";

const tags = ["passwords"];

export const changeSchema = {
  operationId: "changePassword",
  summary: "Change the password, or set a first one",
  description:
    "Other devices are signed out. The current password is needed where there is one; without one, a sign-in of the last ten minutes.",
  tags,
  security: memberSecurity,
  body: Type.Object(
    { current_password: Type.Optional(Type.String({ minLength: 1 })), new_password: PasswordField },
    {
      examples: [{ current_password: "четыре зелёных сапога", new_password: "пять жёлтых зонтов у двери" }],
    },
  ),
  response: { 204: Type.Null({ description: "Changed" }) },
};

export const askResetSchema = {
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
};

export const confirmResetSchema = {
  operationId: "confirmPasswordReset",
  summary: "Choose a new password with the code from the mail",
  description: "Every device is signed out, and every other pending code dies.",
  tags,
  body: Type.Object(
    { email: EmailField, code: CodeField, new_password: PasswordField },
    {
      examples: [{ email: "anna@example.com", code: "40728163", new_password: "пять жёлтых зонтов у двери" }],
    },
  ),
  response: { 204: Type.Null({ description: "Changed; sign in with it" }) },
};
