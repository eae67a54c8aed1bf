import assert from "node:assert/strict";
import { test } from "node:test";
import { plantFilms, SHELF } from "../testing/plant-films.ts";
import { startTestCatalog } from "../testing/start-catalog.ts";
import { genresCalled } from "./genres.ts";

test("genres are listed with how many films bear them, in the reader's language", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { body } = await get("/v1/genres", { "accept-language": "ru-RU" });
  const drama = body.items.find(({ slug }: { slug: string }) => slug === "drama");
  assert.deepEqual(drama, { slug: "drama", name: "Драма", films: 4 });
  const slugs = body.items.map(({ slug }: { slug: string }) => slug);
  assert.deepEqual(slugs, slugs.toSorted());
  assert.equal(body.next_cursor, null);
});

test("a genre that films no longer bear is not listed", async (t) => {
  const { get, db } = await startTestCatalog(t, (planted) =>
    plantFilms(planted, [{ title: "One", genres: ["spy"] }]),
  );
  await plantFilms(db, [{ title: "One", genres: ["war"] }]);
  const { body } = await get("/v1/genres");
  assert.deepEqual(body.items, [{ slug: "war", name: "War", films: 1 }]);
});

test("sources call one genre by many names", () => {
  const slugs = (name: string) => genresCalled(name).map(({ slug }) => slug);
  assert.deepEqual(slugs("sci fi"), ["science-fiction"]);
  assert.deepEqual(slugs("animated"), ["animation"]);
  assert.deepEqual(slugs("romantic comedy"), ["romance", "comedy"]);
  assert.deepEqual(slugs("sport"), slugs("sports"));
});

test("a genre nobody has told us of is taken as it stands; one without Latin letters is none", () => {
  assert.deepEqual(genresCalled("heist 2"), [{ slug: "heist-2", name_en: "Heist 2", name_ru: "Heist 2" }]);
  assert.deepEqual(genresCalled("2 3"), []);
  assert.deepEqual(genresCalled("драма"), []);
});
