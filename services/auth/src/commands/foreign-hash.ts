import { refusals } from "@kinopass/http";

export const refuse = refusals({
  hash_not_taken: {
    status: 400,
    title: {
      en: "password_hash is not an argon2id hash of version 19 in PHC form, of 8 MiB to 1 GiB and 1 to 20 rounds",
      ru: "password_hash — не хеш argon2id версии 19 в форме PHC, от 8 МиБ до 1 ГиБ и от 1 до 20 проходов",
    },
  },
});

const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/**
 * Whoever signs in makes us compute at the cost that stands in the hash, so a foreign one is bounded:
 * one of a hundred gigabytes would stop the service. One that is too weak would be found out too easily.
 */
export function demandForeignHash(hash: string): string {
  const [, memoryKib = 0, iterations = 0, parallelism = 0] = PHC.exec(hash)?.map(Number) ?? [];
  const isTaken =
    memoryKib >= 8 * 1024 &&
    memoryKib <= 1024 * 1024 &&
    iterations >= 1 &&
    iterations <= 20 &&
    parallelism >= 1 &&
    parallelism <= 16;
  if (!isTaken) throw refuse.hash_not_taken();
  return hash;
}
