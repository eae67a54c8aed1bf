import { refusals } from "@kinopass/http";

export const refuse = refusals({
  provider_unknown: {
    status: 404,
    title: { en: "There is no sign-in with this provider", ru: "Входа через этот сервис нет" },
  },
  return_to_not_allowed: {
    status: 400,
    title: { en: "This return address is not allowed", ru: "Этот адрес возврата не разрешён" },
    detail: {
      en: "Send return_to exactly as it is listed in AUTH_SOCIAL_RETURN_TO",
      ru: "Передайте return_to ровно так, как он записан в AUTH_SOCIAL_RETURN_TO",
    },
  },
  code_challenge_needed: {
    status: 400,
    title: { en: "An app must send a code_challenge", ru: "Приложение должно передать code_challenge" },
    detail: {
      en: "Another app may take over an address like this one (RFC 8252 §8.1)",
      ru: "Такой адрес может перехватить другое приложение (RFC 8252 §8.1)",
    },
  },
  social_flow_unknown: {
    status: 400,
    title: { en: "Start signing in again", ru: "Начните вход заново" },
    detail: {
      en: "This sign-in was finished already, took longer than ten minutes, or was begun in another browser",
      ru: "Этот вход уже завершён, длился больше десяти минут или начат в другом браузере",
    },
  },
  social_callback_invalid: {
    status: 400,
    title: { en: "The provider's answer is not valid", ru: "Ответ сервиса входа составлен неверно" },
    detail: { en: "Start signing in again", ru: "Начните вход заново" },
  },
  social_code_invalid: {
    status: 400,
    title: { en: "The code is wrong, used or has run out", ru: "Код неверный, использован или истёк" },
    detail: { en: "Start signing in again", ru: "Начните вход заново" },
  },
  social_account_not_found: {
    status: 404,
    title: { en: "There is no such social account", ru: "Такой привязки нет" },
  },
  last_way_in: {
    status: 409,
    title: {
      en: "This is your last way in; add another one first",
      ru: "Это единственный способ войти, сначала добавьте другой",
    },
    detail: {
      en: "Do one of `do_first`; a password needs a confirmed e-mail",
      ru: "Сделайте что-то из `do_first`; для пароля нужна подтверждённая почта",
    },
  },
  linked_elsewhere: {
    status: 409,
    title: {
      en: "This social account belongs to another account of ours",
      ru: "Эта привязка уже есть у другой учётной записи",
    },
  },
  too_many_links: {
    status: 409,
    title: { en: "Too many social accounts are linked", ru: "Привязано слишком много соцсетей" },
  },
  signed_request_invalid: {
    status: 400,
    title: { en: "The signed request is not genuine", ru: "Подпись запроса неверна" },
  },
  deletion_not_found: {
    status: 404,
    title: { en: "There is no such request", ru: "Такого запроса нет" },
  },
});

/** How a flow may end at `return_to?error=…`. Stable, like the codes of problem documents. */
export const OUTCOMES = [
  "denied",
  "try_again",
  "provider_unavailable",
  "provider_failed",
  "account_exists",
  "account_disabled",
  "link_paused",
  "linked_elsewhere",
  "too_many_links",
  "session_over",
] as const;
export type FlowError = (typeof OUTCOMES)[number];
