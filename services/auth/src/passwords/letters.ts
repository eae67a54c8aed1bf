import type { Letters } from "../mail/letters.ts";

export const passwordLetters: Letters = {
  password_reset_code: ({ code, email, device, address }) => ({
    subject: { en: "Reset your password", ru: "Сброс пароля" },
    paragraphs: [
      { en: "Your code for a new password at Kinopass:", ru: "Ваш код для нового пароля в Kinopass:" },
      {
        en: `It works for ten minutes. It was asked for from ${device}, address ${address}.`,
        ru: `Он действует десять минут. Его запросили с устройства ${device}, адрес ${address}.`,
      },
      {
        en: "If this was not you, do nothing: your password stays as it is. Tell the code to no one.",
        ru: "Если это были не вы, ничего не делайте: пароль останется прежним. Никому не сообщайте код.",
      },
    ],
    code,
    link: {
      text: { en: "Or choose a new password here", ru: "Или задайте новый пароль здесь" },
      fragment: { do: "reset_password", email: email ?? "", code: code ?? "" },
    },
  }),
  password_changed: ({ device, address }) => ({
    subject: { en: "Your password was changed", ru: "Пароль изменён" },
    paragraphs: [
      {
        en: `The password of your Kinopass account was changed (${device}, address ${address}). Other devices were signed out.`,
        ru: `Пароль вашей учётной записи Kinopass изменён (${device}, адрес ${address}). Остальные устройства отключены.`,
      },
      {
        en: "If this was not you, reset the password now with “Forgot password”.",
        ru: "Если это были не вы, сразу сбросьте пароль через «Забыли пароль?».",
      },
    ],
  }),
};
