import type { ProviderName } from "./providers/provider.ts";

/** How the providers write their names. */
export const TITLES: Readonly<Record<ProviderName, { readonly en: string; readonly ru: string }>> = {
  yandex: { en: "Yandex", ru: "Яндекс" },
  vk: { en: "VK", ru: "ВКонтакте" },
  mailru: { en: "Mail.ru", ru: "Mail.ru" },
  google: { en: "Google", ru: "Google" },
  facebook: { en: "Facebook", ru: "Facebook" },
  x: { en: "X", ru: "X" },
  odnoklassniki: { en: "Odnoklassniki", ru: "Одноклассники" },
  telegram: { en: "Telegram", ru: "Telegram" },
  apple: { en: "Apple", ru: "Apple" },
};
