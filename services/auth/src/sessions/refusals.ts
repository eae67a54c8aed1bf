import { refusals } from "@kinopass/http";

export const refuse = refusals({
  refresh_token_invalid: {
    status: 401,
    title: { en: "Sign in again", ru: "Войдите ещё раз" },
    detail: { en: "This refresh token is not valid", ru: "Этот токен обновления недействителен" },
  },
  refresh_token_reused: {
    status: 401,
    title: { en: "Sign in again", ru: "Войдите ещё раз" },
    detail: {
      en: "A used refresh token came back, so the session was ended to keep the account safe",
      ru: "Использованный токен обновления пришёл снова, поэтому сеанс завершён ради безопасности",
    },
  },
  session_over: {
    status: 401,
    title: { en: "The session is over; sign in again", ru: "Сеанс завершён, войдите ещё раз" },
  },
  account_disabled: {
    status: 403,
    title: { en: "This account is disabled", ru: "Эта учётная запись отключена" },
  },
  session_not_found: { status: 404, title: { en: "There is no such session", ru: "Такого сеанса нет" } },
});
