import type { PostgresDatabase } from "@kinopass/postgres";
import { genresCalled } from "../genres/genres.ts";
import type { FilmRecord } from "../imports/film-record.ts";
import { finishImport, writeFilms } from "../imports/write-films.ts";

export type Planted = Partial<Omit<FilmRecord, "genres">> & {
  readonly title: string;
  readonly genres?: readonly string[];
};

export function record({ genres = [], ...film }: Planted): FilmRecord {
  return {
    year: 2000,
    reference: "",
    directors: [],
    actors: [],
    ...film,
    genres: genres.flatMap((name) => genresCalled(name)),
  };
}

/** Writes films the way an import does. */
export async function plantFilms(db: PostgresDatabase, films: readonly Planted[]): Promise<void> {
  await db.transaction(async (tx) => {
    await writeFilms(tx, films.map(record));
    await finishImport(tx);
  });
}

/** A shelf with something for every question of the tests; 2010 is its newest year. */
export const SHELF: readonly Planted[] = [
  {
    title: "The Godfather",
    year: 1972,
    mpaa: "R",
    rating: 92,
    votes: 411_088,
    runtime: 175,
    genres: ["crime", "drama"],
    directors: ["Francis Ford Coppola"],
    actors: ["Marlon Brando", "Al Pacino"],
    description: "The mobster's youngest son has to choose. Running a family is work.",
    reference: "The_Godfather",
  },
  {
    title: "The Godfather: Part II",
    year: 1974,
    mpaa: "R",
    rating: 90,
    genres: ["crime", "drama"],
    directors: ["Francis Ford Coppola"],
  },
  {
    title: "Spider-Man",
    year: 2002,
    mpaa: "PG-13",
    rating: 74,
    votes: 160_000,
    genres: ["action"],
    directors: ["Sam Raimi"],
  },
  {
    title: "Schindler's List",
    year: 1993,
    mpaa: "R",
    rating: 89,
    genres: ["history", "drama"],
    directors: ["Steven Spielberg"],
  },
  { title: "Amélie", year: 2001, rating: 85, genres: ["romantic comedy"], directors: ["Jean-Pierre Jeunet"] },
  {
    title: "Jaws",
    year: 1975,
    mpaa: "PG",
    rating: 83,
    genres: ["thriller"],
    directors: ["Steven Spielberg"],
  },
  {
    title: "Toy Story",
    year: 1995,
    mpaa: "G",
    rating: 82,
    genres: ["animation", "family"],
    directors: ["John Lasseter"],
    actors: ["Tom Hanks"],
  },
  {
    title: "Toy Story 3",
    year: 2010,
    mpaa: "G",
    rating: 89,
    genres: ["animation", "family"],
    actors: ["Tom Hanks"],
  },
  {
    title: "Inception",
    year: 2010,
    mpaa: "PG-13",
    rating: 91,
    genres: ["science fiction"],
    directors: ["Christopher Nolan"],
  },
  { title: "Showgirls", year: 1995, mpaa: "NC-17", rating: 46, genres: ["drama"] },
  { title: "Unseen", year: 1999, genres: ["documentary"] },
  { title: "$", year: 1971, genres: ["comedy"], actors: ["Goldie Hawn"] },
];
