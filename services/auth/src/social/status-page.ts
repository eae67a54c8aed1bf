import type { Language, Texts } from "@kinopass/http";
import type { DeletionOutcome } from "./facebook-notices.ts";
import { page } from "./page.ts";

const TITLE: Texts = { en: "Your data-deletion request", ru: "Ваш запрос на удаление данных" };

const SAYS: Readonly<Record<DeletionOutcome, Texts>> = {
  nothing_held: {
    en: "We held nothing that came from Facebook.",
    ru: "У нас не было данных, полученных от Facebook.",
  },
  link_deleted: {
    en: "Everything that came from Facebook is deleted. Your Kinopass account stays: you have another way to sign in.",
    ru: "Всё, что пришло от Facebook, удалено. Учётная запись Kinopass осталась: у вас есть другой способ входа.",
  },
  account_deleted: {
    en: "Your Kinopass account, which could only be entered with Facebook, and everything kept about it are deleted.",
    ru: "Ваша учётная запись Kinopass, в которую можно было войти только через Facebook, и все её данные удалены.",
  },
  kept_for_operator: {
    en: "This account cannot be deleted automatically. Write to our support, quoting the code in this page's address.",
    ru: "Эту учётную запись нельзя удалить автоматически. Напишите в поддержку и укажите код из адреса страницы.",
  },
};

/** What a person sees who follows Facebook's link. Says nothing of who they are. */
export function deletionPage(outcome: DeletionOutcome, requestedAt: Date, language: Language): string {
  const when = requestedAt.toLocaleDateString(language, { timeZone: "UTC", dateStyle: "long" });
  return page(
    language,
    TITLE[language],
    `<p>${SAYS[outcome][language]}</p><p><small>${when} (UTC)</small></p>`,
  );
}
