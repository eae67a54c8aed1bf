import assert from "node:assert/strict";
import { test } from "node:test";
import { plantFilms, SHELF } from "../testing/plant-films.ts";
import { allPages, startTestCatalog } from "../testing/start-catalog.ts";

const namesOf = (body: { items: { name: string }[] }) => body.items.map(({ name }) => name);

test("persons are listed by name, each once, page by page", async (t) => {
  const names = Array.from({ length: 23 }, (_, n) => `Person ${String.fromCharCode(97 + n)}${"x".repeat(n)}`);
  const { get } = await startTestCatalog(t, (db) =>
    plantFilms(db, [
      { title: "All together", actors: names.toReversed() },
      { title: "Again", directors: names.slice(0, 3), actors: names.slice(0, 3) },
    ]),
  );
  for (const pageSize of [1, 5, 23]) {
    const persons = (await allPages(get, "/v1/persons", pageSize)) as unknown as {
      name: string;
      films: number;
    }[];
    assert.deepEqual(
      persons.map(({ name }) => name),
      names,
    );
    assert.deepEqual(
      persons.slice(2, 4).map(({ films }) => films),
      [2, 1],
    );
  }
});

test("a name is found by its parts, its beginning, without accents and with a typo", async (t) => {
  const { get } = await startTestCatalog(t, (db) =>
    plantFilms(db, [...SHELF, { title: "Emma", actors: ["Conan O’Brien", "Sofia Coppola"] }]),
  );
  for (const [query, name] of [
    ["coppola francis", "Francis Ford Coppola"],
    ["speilberg", "Steven Spielberg"],
    ["spielburg", "Steven Spielberg"],
    ["jean pierre jeunet", "Jean-Pierre Jeunet"],
    ["lasse", "John Lasseter"],
    ["obrien", "Conan O’Brien"],
    ["obrein", "Conan O’Brien"],
  ] as const) {
    const { body } = await get(`/v1/persons?query=${encodeURIComponent(query)}`);
    assert.equal(namesOf(body)[0], name, query);
  }
  const { body } = await get("/v1/persons?query=copolla");
  assert.deepEqual(namesOf(body).sort(), ["Francis Ford Coppola", "Sofia Coppola"]);
  assert.deepEqual((await get("/v1/persons?query=%3F!")).body, { items: [], next_cursor: null });
});

test("found names come page by page too, forgiven ones included", async (t) => {
  const actors = Array.from({ length: 11 }, (_, n) => `Coppola ${"I".repeat(n + 1)}`);
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, [{ title: "Family", actors }]));
  for (const query of ["coppola", "copolla"]) {
    const found = await allPages(get, `/v1/persons?query=${query}`, 3);
    assert.equal(new Set(found.map(({ id }) => id)).size, 11, query);
  }
});

test("a person's page has the films, newest first, and what they did in each", async (t) => {
  const { get } = await startTestCatalog(t, (db) =>
    plantFilms(db, [
      { title: "Early", year: 1990, actors: ["Kim Doe"] },
      { title: "Late", year: 2001, actors: ["Kim Doe"], directors: ["Kim Doe"] },
    ]),
  );
  const [{ id }] = (await get("/v1/persons?query=doe")).body.items;
  const { body } = await get(`/v1/persons/${id}`);
  assert.equal(body.films, 2);
  assert.deepEqual(
    body.filmography.map(({ id: _, ...film }: { id: number }) => film),
    [
      { title: "Late", year: 2001, parts: ["director", "actor"] },
      { title: "Early", year: 1990, parts: ["actor"] },
    ],
  );
});

test("a person who is not there is 404 by their code", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { status, body } = await get("/v1/persons/2147483647");
  assert.deepEqual([status, body.code], [404, "person_not_found"]);
});
