import type { Letters } from "../mail/letters.ts";

const NOT_YOU = {
  en: "If this was not you, do nothing: without the code nobody gets any further. Tell it to no one.",
  ru: "Если это были не вы, ничего не делайте: без кода дальше не пройти. Никому его не сообщайте.",
} as const;

const SECURE_IT = {
  en: "If this was not you, reset your password now: that signs out every device.",
  ru: "Если это были не вы, сразу сбросьте пароль: это завершит все сеансы.",
} as const;

/** The letters about an account. No letter says a person's name: whoever signs up chooses it, and we would mail it to strangers. */
export const accountLetters: Letters = {
  sign_up_code: ({ code, email, device, address }) => ({
    subject: { en: "Confirm your e-mail", ru: "Подтвердите адрес почты" },
    paragraphs: [
      { en: "Your code for signing up at Kinopass:", ru: "Ваш код для регистрации в Kinopass:" },
      {
        en: `It works for ten minutes, and only for the sign-up made on this device: ${device}, address ${address}.`,
        ru: `Он действует десять минут и только для регистрации с этого устройства: ${device}, адрес ${address}.`,
      },
      NOT_YOU,
    ],
    code,
    link: {
      text: { en: "Or confirm here", ru: "Или подтвердите здесь" },
      fragment: { do: "confirm_email", email: email ?? "", code: code ?? "" },
    },
  }),
  already_registered: ({ device, address }) => ({
    subject: { en: "You have an account already", ru: "У вас уже есть учётная запись" },
    paragraphs: [
      {
        en: `Somebody tried to use this address for a new account (${device}, address ${address}), but it has one already.`,
        ru: `Кто-то указал этот адрес для новой учётной записи (${device}, адрес ${address}), но она у вас уже есть.`,
      },
      {
        en: "If it was you, sign in as before; if you forgot the password, reset it.",
        ru: "Если это были вы, войдите как раньше; если забыли пароль, сбросьте его.",
      },
      {
        en: "If it was not you, nothing needs to be done: nobody got in.",
        ru: "Если это были не вы, ничего делать не нужно: никто не вошёл.",
      },
    ],
  }),
  email_change_code: ({ code }) => ({
    subject: { en: "Confirm your new address", ru: "Подтвердите новый адрес" },
    paragraphs: [
      { en: "Your code for the new address at Kinopass:", ru: "Ваш код для нового адреса в Kinopass:" },
      { en: "It works for ten minutes.", ru: "Он действует десять минут." },
      NOT_YOU,
    ],
    code,
  }),
  email_change_asked: ({ device, address }) => ({
    subject: { en: "Your address is about to change", ru: "Запрошена смена адреса почты" },
    paragraphs: [
      {
        en: `Somebody who is signed in to your account asked to change its e-mail address (${device}, address ${address}).`,
        ru: `Кто-то, вошедший в вашу учётную запись, запросил смену адреса почты (${device}, адрес ${address}).`,
      },
      SECURE_IT,
    ],
  }),
  email_changed: () => ({
    subject: { en: "Your address was changed", ru: "Адрес почты изменён" },
    paragraphs: [
      {
        en: "Your Kinopass account now has another e-mail address. This was the last mail to this one.",
        ru: "У вашей учётной записи Kinopass теперь другой адрес почты. На этот писем больше не будет.",
      },
      {
        en: "If this was not you, write to support at once.",
        ru: "Если это были не вы, сразу напишите в поддержку.",
      },
    ],
  }),
  new_device: ({ device, address, time }) => ({
    subject: { en: "New sign-in to your account", ru: "Новый вход в учётную запись" },
    paragraphs: [
      {
        en: `Your account was used on a device we had not seen before: ${device}, address ${address}, ${time}.`,
        ru: `В вашу учётную запись вошли с нового устройства: ${device}, адрес ${address}, ${time}.`,
      },
      { en: "If it was you, all is well.", ru: "Если это были вы, всё в порядке." },
      SECURE_IT,
    ],
  }),
  account_erased: () => ({
    subject: { en: "Your account is erased", ru: "Учётная запись удалена" },
    paragraphs: [
      {
        en: "Your Kinopass account and everything we kept about it are erased, as you asked. Goodbye, and thank you for watching.",
        ru: "Ваша учётная запись Kinopass и всё, что мы о ней хранили, удалены по вашей просьбе. До свидания и спасибо, что смотрели с нами.",
      },
    ],
  }),
};
