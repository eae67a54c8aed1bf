import type { Letters } from "../mail/letters.ts";

export const pairingLetters: Letters = {
  tv_paired: ({ device, address }) => ({
    subject: { en: "A TV was signed in to your account", ru: "К вашей учётной записи подключён телевизор" },
    paragraphs: [
      {
        en: `“${device}” (address ${address}) was signed in with a code that was confirmed from your account.`,
        ru: `Устройство «${device}» (адрес ${address}) подключено кодом, подтверждённым из вашей учётной записи.`,
      },
      {
        en: "If this was not you, sign the TV out in the list of your devices and change your password.",
        ru: "Если это были не вы, отключите телевизор в списке устройств и смените пароль.",
      },
    ],
  }),
};
