import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "@kinopass/postgres";
import { Cursors } from "../cursors/cursors.ts";
import { Search } from "../search/search.ts";
import { Signer } from "../secrets.ts";
import { plantFilms, SHELF } from "../testing/plant-films.ts";
import { allPages, emptyDatabase, openDatabase, startTestCatalog } from "../testing/start-catalog.ts";
import { Films } from "./films.ts";
import { SORTS } from "./sort.ts";

const titlesOf = (body: { items: { title: string }[] }) => body.items.map(({ title }) => title);

test("a search finds titles, names and descriptions, as they are and with a typo", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  for (const [query, title] of [
    ["The Godfather", "The Godfather"],
    ["Godfahter", "The Godfather"],
    ["godfater", "The Godfather"],
    ["godfathher", "The Godfather"],
    ["gidfather", "The Godfather"],
    ["jwas", "Jaws"],
    ["toy stroy", "Toy Story"],
    ["copolla godfahter", "The Godfather"],
    ["Incep", "Inception"],
    ["spiderman", "Spider-Man"],
    ["spider man", "Spider-Man"],
    ["schindlers list", "Schindler's List"],
    ["Schindler’s List", "Schindler's List"],
    ["shindlers list", "Schindler's List"],
    ["AMELIE", "Amélie"],
    ["brando", "The Godfather"],
    ["mobster", "The Godfather"],
    ["run family", "The Godfather"],
  ] as const) {
    const { status, body } = await get(`/v1/films?query=${encodeURIComponent(query)}`);
    assert.equal(status, 200);
    assert.equal(titlesOf(body)[0], title, query);
  }
});

test("a query without a typo is not answered with its neighbours", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, [{ title: "Jaws" }, { title: "Paws" }]));
  assert.deepEqual(titlesOf((await get("/v1/films?query=jaws")).body), ["Jaws"]);
  assert.deepEqual(titlesOf((await get("/v1/films?query=caws")).body).sort(), ["Jaws", "Paws"]);
});

test("a query of signs alone finds nothing, and a title of signs is still listed", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  for (const query of ["$", "!!!", "' \"", "%", "&|!", "   "]) {
    const { status, body } = await get(`/v1/films?query=${encodeURIComponent(query)}`);
    assert.deepEqual([status, body], [200, { items: [], next_cursor: null }], query);
  }
  assert.ok(titlesOf((await get("/v1/films?sort=title")).body).includes("$"));
});

test("every sort walks all films once, in order, whatever the page size", async (t) => {
  const many = Array.from({ length: 40 }, (_, n) => ({
    title: `Film ${String(n % 7).padStart(2, "0")} of ${n}`,
    year: 1990 + (n % 3),
    ...(n % 4 === 0 ? {} : { rating: n % 5 }),
  }));
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, many));
  for (const sort of SORTS) {
    const query = sort === "relevance" ? "&query=film" : "";
    for (const pageSize of [1, 7, 40]) {
      const items = await allPages(get, `/v1/films?sort=${sort}${query}`, pageSize);
      assert.equal(new Set(items.map(({ id }) => id)).size, 40, `${sort} by ${pageSize}`);
      assert.equal(items.length, 40);
    }
  }
  const years = (await allPages(get, "/v1/films", 9)).map(
    (film) => (film as unknown as { year: number }).year,
  );
  assert.deepEqual(
    years,
    years.toSorted((a, b) => b - a),
  );
});

test("films that nobody rated come last, from the best and from the worst", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const best = titlesOf((await get("/v1/films?sort=-rating")).body);
  const worst = titlesOf((await get("/v1/films?sort=rating")).body);
  assert.equal(best[0], "The Godfather");
  assert.equal(worst[0], "Showgirls");
  for (const list of [best, worst]) assert.deepEqual(list.slice(-2).sort(), ["$", "Unseen"]);
});

test("typos are forgiven on every page, and with every filter and sort", async (t) => {
  const sequels = Array.from({ length: 9 }, (_, n) => ({
    title: `Godfather ${n}`,
    genres: ["crime"],
    year: 1980 + n,
  }));
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, sequels));
  const found = await allPages(get, "/v1/films?query=godfahter&genre=crime&sort=year", 2);
  assert.deepEqual(
    found.map(({ title }) => title),
    sequels.map(({ title }) => title),
  );
  assert.equal((await allPages(get, "/v1/films?query=godfahter", 2)).length, 9);
});

test("genre, person and words narrow a list together", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { body } = await get("/v1/persons?query=spielberg");
  const person = body.items[0].id;
  assert.deepEqual(titlesOf((await get(`/v1/films?person=${person}&sort=year`)).body), [
    "Jaws",
    "Schindler's List",
  ]);
  assert.deepEqual(titlesOf((await get(`/v1/films?person=${person}&genre=drama`)).body), [
    "Schindler's List",
  ]);
  assert.deepEqual(titlesOf((await get(`/v1/films?person=${person}&genre=drama&query=jaws`)).body), []);
  assert.deepEqual(titlesOf((await get("/v1/films?genre=no-such-genre")).body), []);
  assert.deepEqual(titlesOf((await get("/v1/films?person=2147483647")).body), []);
});

test("a cursor belongs to its list: another query, filter, sort or list refuses it, as it refuses a made-up one", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { body } = await get("/v1/films?page_size=2");
  const cursor: string = body.next_cursor;
  assert.equal((await get(`/v1/films?page_size=5&cursor=${cursor}`)).status, 200);
  const forged = Buffer.from(JSON.stringify([0, 1])).toString("base64url");
  const changed = Buffer.from(
    JSON.stringify([0, 3, ...JSON.parse(Buffer.from(cursor, "base64url").toString()).slice(2)]),
  ).toString("base64url");
  for (const url of [
    `/v1/films?sort=year&cursor=${cursor}`,
    `/v1/films?genre=drama&cursor=${cursor}`,
    `/v1/films?person=1&cursor=${cursor}`,
    `/v1/films?query=jaws&cursor=${cursor}`,
    `/v1/persons?cursor=${cursor}`,
    `/v1/films?cursor=${forged}`,
    `/v1/films?cursor=${changed}`,
    `/v1/films?cursor=${cursor}A`,
    "/v1/films?cursor=not-a-cursor",
    "/v1/films?cursor=%F0%9F%8E%AC",
  ]) {
    const answer = await get(url);
    assert.deepEqual([answer.status, answer.body.code], [400, "cursor_invalid"], url);
  }
});

test("relevance without a query is refused by its name", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { status, body } = await get("/v1/films?sort=relevance", { "accept-language": "ru" });
  assert.deepEqual([status, body.code], [400, "relevance_needs_query"]);
  assert.match(body.title, /релевантности/);
});

test("what is no request of ours is refused before the database is asked", async (t) => {
  const { get, db } = await startTestCatalog(t, (planted) => plantFilms(planted, SHELF));
  await db.run({
    name: "drop",
    text: "drop table catalog.films, catalog.persons, catalog.genres cascade",
    values: [],
  });
  for (const url of [
    "/v1/films?page_size=0",
    "/v1/films?page_size=101",
    "/v1/films?page_size=1e3",
    "/v1/films?page_size=99999999999999999999",
    "/v1/films?page_size=ten",
    "/v1/films?page=2",
    "/v1/films?sort=-id",
    "/v1/films?sort=year&sort=title",
    "/v1/films?query=",
    `/v1/films?query=${"a".repeat(201)}`,
    "/v1/films?query=%00",
    "/v1/films?genre=Drama",
    "/v1/films?genre=drama'--",
    "/v1/films?person=0",
    "/v1/films?person=2147483648",
    "/v1/films?person=1.5",
    `/v1/films?cursor=${"a".repeat(513)}`,
    "/v1/films/0",
    "/v1/films/-1",
    "/v1/films/2147483648",
    "/v1/films/one",
    "/v1/films/1?fields=title",
    "/v1/persons/99999999999",
    `/v1/persons?query=${"a".repeat(121)}`,
    "/v1/genres?page_size=5",
  ]) {
    const { status, body } = await get(url);
    assert.deepEqual([status, body.code], [400, "invalid_request"], url);
  }
});

test("texts that would be SQL, patterns or query operators elsewhere are only words here", async (t) => {
  const { get, db } = await startTestCatalog(t, (planted) => plantFilms(planted, SHELF));
  const corpus = [
    "'; drop table catalog.films; --",
    "' or 1=1 --",
    '" or ""="',
    "1); delete from catalog.films where (1=1",
    "\\'; select pg_sleep(5); --",
    "$1; $2::int",
    "$$; drop schema catalog cascade; $$",
    "E'\\x27'",
    "%",
    "_",
    "%%%%%%%%%%%%",
    "\\",
    "a & | ! ( ) <-> :*A 'b'",
    "(((((((((((",
    "godfather:* | !jaws",
    ".*",
    "^(a+)+$",
    "[[:alpha:]]",
    "jaws' union select password from users --",
    "ﬁlm ＇ or 1=1",
    "💣'💣",
    "a".repeat(200),
    "x ".repeat(100),
  ];
  for (const text of corpus) {
    for (const path of ["/v1/films?query=", "/v1/persons?query="]) {
      const given = path.includes("persons") ? text.slice(0, 120) : text;
      const { status } = await get(path + encodeURIComponent(given));
      assert.equal(status, 200, given);
    }
  }
  const { rows } = await db.run<{ count: number }>({
    name: "count",
    text: "select count(*)::int from catalog.films",
    values: [],
  });
  assert.equal(rows[0]?.count, SHELF.length);
});

test("a film's page tells all that is known, in the reader's language", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const id = (await get("/v1/films?query=godfather")).body.items[0].id;
  const { status, body } = await get(`/v1/films/${id}`, { "accept-language": "ru" });
  assert.equal(status, 200);
  assert.deepEqual(
    {
      ...body,
      directors: body.directors[0].name,
      actors: body.actors.map(({ name }: { name: string }) => name),
    },
    {
      id,
      title: "The Godfather",
      year: 1972,
      age_rating: 16,
      access: "free",
      rating: 9.2,
      runtime_minutes: 175,
      poster_url: null,
      genres: [
        { slug: "crime", name: "Криминал" },
        { slug: "drama", name: "Драма" },
      ],
      released_on: null,
      mpaa: "R",
      votes: 411_088,
      description: "The mobster's youngest son has to choose. Running a family is work.",
      description_source: "https://en.wikipedia.org/wiki/The_Godfather",
      directors: "Francis Ford Coppola",
      actors: ["Marlon Brando", "Al Pacino"],
      playback: { allowed: false, refusal: "sign_in_required" },
    },
  );
});

test("a film that is not there is 404 by its code", async (t) => {
  const { get } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const { status, body } = await get("/v1/films/2147483647");
  assert.deepEqual([status, body.code], [404, "film_not_found"]);
});

test("the newest three years of the catalog are for subscribers, and move on when a newer film comes", async (t) => {
  const { get, db } = await startTestCatalog(t, (planted) =>
    plantFilms(
      planted,
      [2005, 2007, 2008, 2009, 2010].map((year) => ({ title: `Of ${year}`, year })),
    ),
  );
  const subscriberYears = async () =>
    (await get("/v1/films?sort=year")).body.items
      .filter(({ access }: { access: string }) => access === "subscriber")
      .map(({ year }: { year: number }) => year);
  assert.deepEqual(await subscriberYears(), [2008, 2009, 2010]);
  await plantFilms(db, [{ title: "Of 2011", year: 2011 }]);
  assert.deepEqual(await subscriberYears(), [2009, 2010, 2011]);
});

test("a guest's answers may be kept by any cache, a caller's own by nobody else", async (t) => {
  const { get, bearer } = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  const id = (await get("/v1/films?query=jaws")).body.items[0].id;
  for (const url of ["/v1/films", `/v1/films/${id}`, "/v1/genres", "/v1/persons"]) {
    const guest = await get(url);
    assert.equal(guest.headers["cache-control"], "public, max-age=60", url);
    assert.match(String(guest.headers["vary"]), /authorization/);
    const member = await get(url, await bearer());
    assert.equal(member.headers["cache-control"], "private, max-age=60", url);
    const mistaken = await get(url, { authorization: "Bearer nonsense" });
    assert.deepEqual([mistaken.status, mistaken.headers["cache-control"]], [200, "private, max-age=60"], url);
  }
  assert.equal((await get("/v1/films/2147483647")).headers["cache-control"], "no-store");
});

test("a page that has not changed is answered by 304, until the film, the reader or the language is another", async (t) => {
  const { get, bearer, db } = await startTestCatalog(t, (planted) => plantFilms(planted, SHELF));
  const id = (await get("/v1/films?query=godfather")).body.items[0].id;
  const first = await get(`/v1/films/${id}`);
  const known = { "if-none-match": `"other", ${String(first.headers["etag"])}` };
  const again = await get(`/v1/films/${id}`, known);
  assert.deepEqual([again.status, again.body], [304, undefined]);
  assert.equal((await get(`/v1/films/${id}`, { ...known, "accept-language": "ru" })).status, 200);
  assert.equal((await get(`/v1/films/${id}`, { ...known, ...(await bearer()) })).status, 200);
  await plantFilms(db, [{ title: "The Godfather", year: 1972, runtime: 177 }]);
  const changed = await get(`/v1/films/${id}`, known);
  assert.deepEqual([changed.status, changed.body.runtime_minutes], [200, 177]);
});

test("a list asks the database once, a forgiven typo three times, a film's page once", async (t) => {
  const db = openDatabase(t, await emptyDatabase(t));
  await plantFilms(db, SHELF);
  const asked: string[] = [];
  const counting: Database = {
    run: (statement) => {
      asked.push(statement.name);
      return db.run(statement);
    },
  };
  const cursors = new Cursors(new Signer([{ id: 1, key: Buffer.alloc(32) }], "cursors"));
  const films = new Films({ db: counting, cursors, search: new Search({ db: counting }) });
  const { items } = await films.list({ pageSize: 5 });
  await films.list({ pageSize: 5, query: "godfahter" });
  await films.find(items[0]?.id ?? 0);
  assert.deepEqual(asked, [
    "films.list.-year",
    "films.list.relevance.words",
    "search.meanings_of",
    "films.list.relevance.words",
    "films.find",
  ]);
});
