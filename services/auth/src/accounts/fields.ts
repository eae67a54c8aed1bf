import { Type } from "typebox";
import { CODE_PATTERN } from "../codes/codes.ts";
import { VISIBLE_PATTERN } from "../http/visible-text.ts";

/** Fields that several operations take. */
export const EmailField = Type.String({
  minLength: 3,
  maxLength: 320,
  description: "Case and surrounding spaces do not matter",
  examples: ["anna@example.com"],
});

export const PasswordField = Type.String({
  minLength: 1,
  description: "8 to 128 characters; any will do, but not one of the most common passwords",
  examples: ["четыре зелёных сапога"],
});

export const CodeField = Type.String({
  pattern: CODE_PATTERN,
  description: "The eight digits from the mail",
  examples: ["40728163"],
});

/** No control or formatting characters, no space at the ends. */
export const DisplayNameField = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: VISIBLE_PATTERN,
  examples: ["Анна"],
});

export const BirthDateField = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
  description: "Decides what the viewer may watch; without it they are shown what is fit for twelve",
  examples: ["1990-05-17"],
});

export const RegionField = Type.String({
  maxLength: 41,
  pattern: "^[a-z][a-z0-9_]{1,40}$",
  description: "A slug of GET /v1/regions; left out: `ru_unassigned`",
  examples: ["ru_volga"],
});

export const LocaleField = Type.Union([Type.Literal("en"), Type.Literal("ru")], {
  description: "Language of our mails; left out: the better of the two by Accept-Language",
  examples: ["ru"],
});

export const CaptchaPassField = Type.String({
  minLength: 1,
  maxLength: 200,
  description: "Proof of a solved captcha, where one was asked for",
});
