import type { Language } from "@kinopass/http";
import { Type } from "typebox";
import { namedGenre } from "../genres/genres.ts";
import { AGE_RATINGS, type AgeRating } from "../ratings/ratings.ts";
import type { Access, FilmRow, ListedRow } from "./films.ts";

export const FilmId = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

export const NamedGenre = Type.Object({
  slug: Type.String({ description: "Pass it as `genre`" }),
  name: Type.String({ description: "In the language of Accept-Language" }),
});

interface Values {
  readonly integer: number;
  readonly number: number;
  readonly string: string;
}

/** `type: [x, "null"]` and not a union: the serialiser then need not try which branch fits. */
function nullable<Name extends keyof Values>(type: Name, more: object = {}) {
  return Type.Unsafe<Values[Name] | null>({ type: [type, "null"], ...more });
}

const card = {
  id: FilmId,
  title: Type.String(),
  year: Type.Integer(),
  age_rating: Type.Unsafe<AgeRating>({
    type: "integer",
    enum: AGE_RATINGS,
    description: "The Russian classes 0+ to 18+; 18 where nobody has rated the film",
  }),
  access: Type.Unsafe<Access>({
    type: "string",
    enum: ["free", "subscriber"],
    description: "What playing it takes; the newest three years are for subscribers",
  }),
  rating: nullable("number", { description: "From 0 to 10" }),
  runtime_minutes: nullable("integer"),
  poster_url: nullable("string"),
  genres: Type.Array(NamedGenre),
};

const exampleCard = {
  id: 2711,
  title: "The Godfather",
  year: 1972,
  age_rating: 18,
  access: "free",
  rating: 9.2,
  runtime_minutes: 175,
  poster_url: null,
  genres: [
    { slug: "crime", name: "Crime" },
    { slug: "drama", name: "Drama" },
  ],
};

export const FilmCard = Type.Object(card, { examples: [exampleCard] });

const PersonName = Type.Object({ id: Type.Integer(), name: Type.String() });

export const FilmPage = Type.Object(
  {
    ...card,
    released_on: nullable("string", { format: "date" }),
    mpaa: nullable("string", { description: "The MPA's rating, where it is known" }),
    votes: nullable("integer"),
    description: nullable("string"),
    description_source: nullable("string", {
      description: "The article that the description is from (CC BY-SA)",
    }),
    directors: Type.Array(PersonName),
    actors: Type.Array(PersonName),
    playback: Type.Object(
      {
        allowed: Type.Boolean(),
        refusal: nullable("string", { description: "The code that playing it would be refused with" }),
      },
      { description: "Whether this caller may play it now" },
    ),
  },
  {
    examples: [
      {
        ...exampleCard,
        released_on: "1972-03-15",
        mpaa: null,
        votes: 411_088,
        description: null,
        description_source: null,
        directors: [{ id: 181, name: "Francis Ford Coppola" }],
        actors: [],
        playback: { allowed: false, refusal: "sign_in_required" },
      },
    ],
  },
);

export function cardOf(row: ListedRow | FilmRow, language: Language) {
  return {
    id: row.id,
    title: row.title,
    year: row.year,
    age_rating: row.age_rating,
    access: row.access,
    rating: row.rating === null ? null : row.rating / 10,
    runtime_minutes: row.runtime,
    poster_url: row.poster_url,
    genres: row.genres.map((genre) => namedGenre(genre, language)),
  };
}

export function pageOfFilm(row: FilmRow, language: Language, refusal: string | undefined) {
  return {
    ...cardOf(row, language),
    released_on: row.released_on,
    mpaa: row.mpaa,
    votes: row.votes,
    description: row.description,
    description_source: row.description === null ? null : articleOf(row.reference),
    directors: [...row.directors],
    actors: [...row.actors],
    playback: { allowed: refusal === undefined, refusal: refusal ?? null },
  };
}

function articleOf(reference: string): string | null {
  return reference === "" ? null : `https://en.wikipedia.org/wiki/${encodeURI(reference)}`;
}
