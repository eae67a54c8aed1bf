import { isCleanText } from "@kinopass/http";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { genresCalled } from "../genres/genres.ts";
import { fold } from "../text/fold.ts";
import {
  BadRecord,
  BOUNDS,
  distinct,
  distinctGenres,
  FIRST_YEAR,
  type FilmRecord,
  tidy,
  YEARS_AHEAD,
} from "./film-record.ts";

/**
 * A film of the Wikipedia lists: one JSON array a decade. Fields that we do not know are let be: the
 * lists grow, and a new field does not make a film wrong.
 */
const WikipediaFilm = Compile(
  Type.Object({
    title: Type.String({ minLength: 1, maxLength: 2000 }),
    year: Type.Integer(),
    cast: Type.Array(Type.String({ maxLength: 1000 }), { maxItems: BOUNDS.people }),
    genres: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: BOUNDS.genres }),
    href: Type.Optional(Type.Union([Type.String({ maxLength: 300 }), Type.Null()])),
    extract: Type.Optional(Type.Union([Type.String({ maxLength: BOUNDS.description }), Type.Null()])),
    thumbnail: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
  }),
);

/** The year a film may bear at most depends on today, which is handed in. */
export function readWikipediaFilm(raw: unknown, today: Date): FilmRecord {
  if (!WikipediaFilm.Check(raw)) throw new BadRecord(explain(raw));
  if (!isClean(raw))
    throw new BadRecord("it has a character that is not allowed (NUL, half a surrogate pair)");
  const last = today.getUTCFullYear() + YEARS_AHEAD;
  if (raw.year < FIRST_YEAR || raw.year > last)
    throw new BadRecord(`/year must be from ${FIRST_YEAR} to ${last}`);
  const title = tidy(withoutStyles(raw.title));
  if (title === "" || title.length > BOUNDS.title)
    throw new BadRecord(`/title must have from 1 to ${BOUNDS.title} characters`);
  return {
    title,
    year: raw.year,
    reference: raw.href ?? "",
    description: emptyAsUnsaid(tidy(raw.extract ?? "")),
    posterUrl: isHttps(raw.thumbnail) ? raw.thumbnail : undefined,
    genres: distinctGenres(raw.genres.flatMap((name) => genresCalled(fold(name)))),
    directors: [],
    actors: distinct(raw.cast.map(personName).filter((name) => name !== undefined)),
  };
}

/**
 * The lists' casts hold remains of their mark-up: "[2]", "(voice)", "writer)", "&". A name has a letter
 * or digit outside of parentheses, its parentheses are closed, and it is no longer than names are.
 */
export function personName(raw: string): string | undefined {
  const name = tidy(raw.replaceAll(/\[[^\]]*\]/g, ""));
  const outside = name.replaceAll(/\([^()]*\)/g, "");
  const isName = /[\p{L}\p{N}]/u.test(outside) && !/[()]/.test(outside) && name.length <= BOUNDS.name;
  return isName ? name : undefined;
}

/** One title carries the style sheet of its fraction along. */
function withoutStyles(title: string): string {
  return title.replaceAll(/\.mw-parser-output[^{}]*\{[^{}]*\}/g, "");
}

function emptyAsUnsaid(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function isHttps(url: string | null | undefined): url is string {
  return typeof url === "string" && URL.canParse(url) && new URL(url).protocol === "https:";
}

function isClean(
  raw: { title: string; cast: string[]; genres: string[] } & Record<string, unknown>,
): boolean {
  const texts = [raw.title, raw["href"], raw["extract"], raw["thumbnail"], ...raw.cast, ...raw.genres];
  return texts.every((text) => typeof text !== "string" || isCleanText(text));
}

function explain(raw: unknown): string {
  const [first] = WikipediaFilm.Errors(raw);
  if (first === undefined) return "it is not a film";
  const missing = (first.params as { requiredProperties?: readonly string[] }).requiredProperties;
  if (missing !== undefined) return `it has no ${missing.join(", ")}`;
  return `${first.instancePath === "" ? "it" : first.instancePath} ${first.message}`;
}
