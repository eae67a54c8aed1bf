import { refusals } from "./refusals.ts";

/** What any route may answer, whatever it does. */
export const common = refusals({
  invalid_request: {
    status: 400,
    title: { en: "The request is not valid", ru: "Запрос составлен неверно" },
  },
  not_found: { status: 404, title: { en: "There is nothing here", ru: "Здесь ничего нет" } },
  method_not_allowed: {
    status: 405,
    title: { en: "This address does not take that method", ru: "Этот адрес не принимает такой метод" },
  },
  body_too_large: { status: 413, title: { en: "The body is too large", ru: "Тело запроса слишком велико" } },
  unsupported_media_type: {
    status: 415,
    title: { en: "Send the body as application/json", ru: "Отправьте тело запроса как application/json" },
    detail: { en: "In UTF-8, not compressed", ru: "В UTF-8, без сжатия" },
  },
  uri_too_long: { status: 414, title: { en: "The address is too long", ru: "Адрес слишком длинный" } },
  rate_limited: {
    status: 429,
    title: {
      en: "Too many requests; try again a little later",
      ru: "Слишком много запросов, попробуйте чуть позже",
    },
  },
  internal_error: {
    status: 500,
    title: { en: "Something went wrong on our side", ru: "Что-то сломалось на нашей стороне" },
  },
  temporarily_unavailable: {
    status: 503,
    title: { en: "Not available for a moment; try again", ru: "Ненадолго недоступно, попробуйте ещё раз" },
  },
});
