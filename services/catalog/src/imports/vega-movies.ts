import { genresCalled } from "../genres/genres.ts";
import { knownMpaa } from "../ratings/ratings.ts";
import { fold } from "../text/fold.ts";
import { BadRecord, distinctGenres, type FilmRecord, tidy } from "./film-record.ts";
import { mendMacRoman } from "./mac-roman.ts";

/** A record of vega-datasets' movies.json, as far as we use it. */
export interface VegaMovie {
  readonly Title: string | number | null;
  readonly "Release Date": string;
  readonly "MPAA Rating": string | null;
  readonly "Running Time min": number | null;
  readonly "Major Genre": string | null;
  readonly "Creative Type": string | null;
  readonly Director: string | null;
  readonly "IMDB Rating": number | null;
  readonly "IMDB Votes": number | null;
}

/** The data was gathered in 2010; a later year was once written with two digits, so "46" has become 2046. */
const LAST_YEAR = 2011;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Creative types that say something about the film and not about its script. */
const TELLING: ReadonlySet<string> = new Set([
  "Science Fiction",
  "Historical Fiction",
  "Fantasy",
  "Super Hero",
  "Kids Fiction",
]);

export function readVegaMovie(movie: VegaMovie): FilmRecord {
  if (movie.Title === null) throw new BadRecord("it has no title");
  const { year, releasedOn } = readDate(movie["Release Date"]);
  const type = movie["Creative Type"];
  const genres = [movie["Major Genre"], type !== null && TELLING.has(type) ? type : null];
  const stars = movie["IMDB Rating"];
  return {
    title: readTitle(String(movie.Title)),
    year,
    reference: "",
    releasedOn,
    mpaa: knownMpaa(movie["MPAA Rating"]),
    runtime: movie["Running Time min"] ?? undefined,
    rating: stars === null ? undefined : Math.round(stars * 10),
    votes: movie["IMDB Votes"] ?? undefined,
    genres: distinctGenres(genres.flatMap((name) => (name === null ? [] : genresCalled(fold(name))))),
    directors: movie.Director === null ? [] : [tidy(movie.Director)],
    actors: [],
  };
}

/** "Secret, The" is "The Secret"; "King Kong (1933)" is "King Kong", the year stands elsewhere. */
function readTitle(raw: string): string {
  const title = tidy(mendMacRoman(raw)).replace(/ \((?:19|20)\d\d\)$/, "");
  return title.replace(/^(.+), (The|A|An)$/, "$2 $1");
}

function readDate(text: string): { year: number; releasedOn: string } {
  const [, monthName = "", day, digits] = /^([A-Z][a-z]{2}) (\d\d) (\d{4})$/.exec(text) ?? [];
  const month = MONTHS.indexOf(monthName) + 1;
  if (month === 0) throw new BadRecord(`its date is not one: ${text}`);
  const written = Number(digits);
  const year = written > LAST_YEAR ? written - 100 : written;
  return { year, releasedOn: `${year}-${String(month).padStart(2, "0")}-${day}` };
}
