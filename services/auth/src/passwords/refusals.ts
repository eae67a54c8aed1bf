import { refusals } from "@kinopass/http";

export const refuse = refusals({
  credentials_wrong: {
    status: 401,
    title: { en: "The address or the password is wrong", ru: "Неверный адрес или пароль" },
  },
  current_password_wrong: {
    status: 403,
    title: { en: "The current password is wrong", ru: "Неверный текущий пароль" },
  },
  current_password_needed: {
    status: 400,
    title: { en: "Give the current password as well", ru: "Укажите и текущий пароль" },
  },
  email_needed: {
    status: 409,
    title: {
      en: "Add an e-mail address first: a password works only with one",
      ru: "Сначала добавьте адрес почты: без него пароль не работает",
    },
  },
  password_unchanged: {
    status: 400,
    title: { en: "The new password is the old one", ru: "Новый пароль совпадает со старым" },
  },
});
