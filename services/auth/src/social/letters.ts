import type { Letters } from "../mail/letters.ts";
import type { ProviderName } from "./providers/provider.ts";
import { TITLES } from "./titles.ts";

const NOT_YOU = {
  en: "If this was not you, reset your password now: that signs out every device and switches all social sign-ins off.",
  ru: "Если это были не вы, сразу сбросьте пароль: это завершит все сеансы и отключит вход через соцсети.",
} as const;

export const socialLetters: Letters = {
  social_linked: ({ provider, device, address }) => {
    const { en, ru } = titleOf(provider);
    return {
      subject: { en: `${en} is now a way in`, ru: `Добавлен вход через ${ru}` },
      paragraphs: [
        {
          en: `A ${en} account was linked to your Kinopass account (${device}, address ${address}). It can be used to sign in.`,
          ru: `К вашей учётной записи Kinopass привязан ${ru} (${device}, адрес ${address}). Теперь через него можно входить.`,
        },
        NOT_YOU,
      ],
    };
  },
  social_unlinked: ({ provider, device, address }) => {
    const { en, ru } = titleOf(provider);
    return {
      subject: { en: `${en} is no longer a way in`, ru: `Вход через ${ru} отключён` },
      paragraphs: [
        {
          en: `A ${en} account was unlinked from your Kinopass account (${device}, address ${address}). Devices that came in by it were signed out.`,
          ru: `От вашей учётной записи Kinopass отвязан ${ru} (${device}, адрес ${address}). Устройства, вошедшие через него, отключены.`,
        },
        NOT_YOU,
      ],
    };
  },
  social_paused: ({ providers = "" }) => {
    const titles = providers.split(",").map(titleOf);
    return {
      subject: { en: "Confirm your social sign-ins", ru: "Подтвердите вход через соцсети" },
      paragraphs: [
        {
          en: `Your password was reset, so these no longer sign anybody in: ${titles.map(({ en }) => en).join(", ")}.`,
          ru: `Пароль сброшен, поэтому временно не действует вход через: ${titles.map(({ ru }) => ru).join(", ")}.`,
        },
        {
          en: "Sign in with the new password and link again those that are yours; remove those that are not.",
          ru: "Войдите с новым паролем и привяжите заново то, что ваше, а чужое удалите.",
        },
      ],
    };
  },
  social_removed_there: ({ provider }) => {
    const { en, ru } = titleOf(provider);
    return {
      subject: { en: `You removed Kinopass at ${en}`, ru: `Вы удалили Kinopass в ${ru}` },
      paragraphs: [
        {
          en: `${en} told us that you removed our app there. Devices that came in by it were signed out; signing in with ${en} will ask for your consent again.`,
          ru: `${ru} сообщил, что вы удалили там наше приложение. Устройства, вошедшие через него, отключены; при следующем входе ${ru} снова спросит согласия.`,
        },
      ],
    };
  },
};

function titleOf(provider: string | undefined) {
  return TITLES[provider as ProviderName] ?? { en: provider ?? "", ru: provider ?? "" };
}
