import { refusals } from "@kinopass/http";

export const refuse = refusals({
  permission_required: {
    status: 403,
    title: { en: "You do not have the permission for this", ru: "У вас нет на это прав" },
  },
  permission_not_held: {
    status: 403,
    title: {
      en: "This concerns permissions that you do not have yourself",
      ru: "Это касается прав, которых нет у вас самих",
    },
  },
  role_not_found: { status: 404, title: { en: "There is no such role", ru: "Такой роли нет" } },
  role_not_granted: {
    status: 404,
    title: { en: "The account does not have this role", ru: "У учётной записи нет этой роли" },
  },
  role_exists: { status: 409, title: { en: "There is such a role already", ru: "Такая роль уже есть" } },
  role_built_in: {
    status: 409,
    title: {
      en: "Built-in roles cannot be changed or deleted",
      ru: "Встроенные роли нельзя изменить или удалить",
    },
  },
  role_in_use: {
    status: 409,
    title: { en: "Accounts still have this role", ru: "Эта роль ещё есть у учётных записей" },
    detail: { en: "Take it away from them first", ru: "Сначала снимите её с них" },
  },
  last_superuser: {
    status: 409,
    title: { en: "This is the last superuser", ru: "Это последний суперпользователь" },
    detail: {
      en: "Make somebody else a superuser first",
      ru: "Сначала назначьте суперпользователем кого-то ещё",
    },
  },
});
