/** A genre as films carry it, whatever a source calls it. */
export interface Genre {
  readonly slug: string;
  readonly name_en: string;
  readonly name_ru: string;
}

/** slug, English, Russian; then what the sources call it (folded), where that is not the slug. */
const KNOWN: readonly (readonly [string, string, string, ...string[]])[] = [
  ["action", "Action", "Боевик"],
  ["adventure", "Adventure", "Приключения"],
  ["animation", "Animation", "Мультфильм", "animated"],
  ["biography", "Biography", "Биография", "dramatization"],
  ["black-comedy", "Black comedy", "Чёрная комедия"],
  ["comedy", "Comedy", "Комедия"],
  ["crime", "Crime", "Криминал"],
  ["dance", "Dance", "Танцы"],
  ["disaster", "Disaster", "Катастрофа"],
  ["documentary", "Documentary", "Документальный", "factual"],
  ["drama", "Drama", "Драма"],
  ["erotic", "Erotic", "Эротика"],
  ["family", "Family", "Семейный", "kids fiction"],
  ["fantasy", "Fantasy", "Фэнтези"],
  ["found-footage", "Found footage", "Найденная плёнка"],
  ["history", "History", "Исторический", "historical", "historical fiction"],
  ["horror", "Horror", "Ужасы"],
  ["independent", "Independent", "Независимое кино"],
  ["legal", "Legal", "Судебная драма"],
  ["live-action", "Live action", "Игровое кино"],
  ["martial-arts", "Martial arts", "Боевые искусства"],
  ["music", "Music", "Музыка"],
  ["musical", "Musical", "Мюзикл"],
  ["mystery", "Mystery", "Детектив"],
  ["noir", "Film noir", "Нуар", "film noir"],
  ["performance", "Performance", "Концерт", "concert performance"],
  ["political", "Political", "Политика"],
  ["romance", "Romance", "Мелодрама"],
  ["satire", "Satire", "Сатира"],
  ["science-fiction", "Science fiction", "Фантастика", "sci fi"],
  ["short", "Short", "Короткометражка"],
  ["silent", "Silent", "Немое кино"],
  ["slasher", "Slasher", "Слэшер"],
  ["sport", "Sport", "Спорт", "sports"],
  ["spy", "Spy", "Шпионский"],
  ["superhero", "Superhero", "Супергерои", "super hero"],
  ["supernatural", "Supernatural", "Мистика"],
  ["teen", "Teen", "Молодёжный"],
  ["thriller", "Thriller", "Триллер", "suspense", "thriller suspense"],
  ["war", "War", "Военный"],
  ["western", "Western", "Вестерн"],
];

const BY_NAME: ReadonlyMap<string, Genre> = new Map(
  KNOWN.flatMap(([slug, name_en, name_ru, ...others]) =>
    [slug.replaceAll("-", " "), ...others].map((name) => [name, { slug, name_en, name_ru }] as const),
  ),
);

/** Names that mean two of our genres. */
const TWO: ReadonlyMap<string, readonly string[]> = new Map([["romantic comedy", ["romance", "comedy"]]]);

/**
 * The genres that a source's folded name means; one that we do not know is taken as it stands, in both
 * languages, and a name without Latin letters is none.
 */
export function genresCalled(folded: string): readonly Genre[] {
  const names = TWO.get(folded) ?? [folded];
  return names.map((name) => BY_NAME.get(name) ?? unknownGenre(name)).filter((genre) => genre !== undefined);
}

function unknownGenre(folded: string): Genre | undefined {
  const slug = folded.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^[^a-z]+|-+$/g, "");
  if (slug === "" || slug.length > 64) return undefined;
  const name = slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll("-", " ");
  return { slug, name_en: name, name_ru: name };
}
