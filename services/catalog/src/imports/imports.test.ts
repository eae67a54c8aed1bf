import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "@kinopass/testing";
import { emptyDatabase, openDatabase } from "../testing/start-catalog.ts";
import { type BadRecordReport, ensureFilms, type ImportProgress, importFilms } from "./imports.ts";

interface Film {
  readonly title: string;
  readonly year: number;
  readonly cast: readonly string[];
  readonly genres: readonly string[];
  readonly href?: string | null;
  readonly extract?: string;
}

const film = (title: string, more: Partial<Film> = {}): Film => ({
  title,
  year: 2001,
  cast: [],
  genres: [],
  ...more,
});

const FILMS = [
  film("Alpha", { cast: ["Ann One", "Bo Two"], genres: ["Drama", "War"], href: "Alpha", extract: "First." }),
  film("Beta", { year: 2003, cast: ["Bo Two"], genres: ["Comedy"] }),
  film("Gamma", { year: 1999 }),
];

async function setUp(t: TestContext) {
  const url = await emptyDatabase(t);
  const db = openDatabase(t, url);
  const directory = await mkdtemp(join(tmpdir(), "kinopass-films-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  let files = 0;
  const put = async (content: unknown): Promise<string> => {
    files += 1;
    const file = join(directory, `films-${files}.json`);
    await writeFile(
      file,
      typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content),
    );
    return file;
  };
  const bad: BadRecordReport[] = [];
  const progress: ImportProgress[] = [];
  const run = (...paths: string[]) =>
    importFilms({
      url,
      files: paths,
      clock: new ManualClock(),
      onBadRecord: (report) => bad.push(report),
      onProgress: (step) => progress.push(step),
    });
  const all = async <Row>(text: string) => (await db.run<Row>({ name: "", text, values: [] })).rows;
  const titles = async () =>
    (await all<{ title: string }>("select title from catalog.films order by title")).map(
      ({ title }) => title,
    );
  return { url, db, directory, put, run, bad, progress, all, titles };
}

/** Everything that readers could see, and the versions that tell whether a row was written. */
const WHOLE = `select f.*, (select array_agg(genre_id order by genre_id) from catalog.film_genres where film_id = f.id),
  (select json_agg(fp order by part, position) from catalog.film_people fp where film_id = f.id)
  from catalog.films f order by id`;

test("a file is imported whole: films, genres, persons, order of the cast", async (t) => {
  const { put, run, all } = await setUp(t);
  const report = await run(await put(FILMS));
  assert.deepEqual(
    report.files.map(({ file: _, ...counts }) => counts),
    [{ records: 3, created: 3, changed: 0, same: 0, repeated: 0, bad: 0 }],
  );
  assert.deepEqual([report.films, report.persons, report.genres], [3, 2, 3]);
  const cast = await all<{ name: string }>(
    `select p.name from catalog.film_people fp join catalog.persons p on p.id = fp.person_id
       join catalog.films f on f.id = fp.film_id where f.title = 'Alpha' order by fp.position`,
  );
  assert.deepEqual(cast, [{ name: "Ann One" }, { name: "Bo Two" }]);
});

test("the same file again changes nothing, not even a version", async (t) => {
  const { put, run, all } = await setUp(t);
  const file = await put(FILMS);
  await run(file);
  const before = await all(WHOLE);
  const report = await run(file, file);
  assert.deepEqual(await all(WHOLE), before);
  assert.deepEqual(
    report.files.map(({ created, changed, same }) => [created, changed, same]),
    [
      [0, 0, 3],
      [0, 0, 3],
    ],
  );
});

test("a corrected file corrects what it says and keeps what it does not say", async (t) => {
  const { put, run, all, bad } = await setUp(t);
  await run(await put(FILMS));
  const report = await run(
    await put([
      film("ALPHA", { cast: ["Cy Three"], genres: ["Drama"], href: "Alpha" }),
      film("Beta", { year: 2003 }),
    ]),
  );
  assert.deepEqual([report.files[0]?.changed, report.files[0]?.same, bad.length], [1, 1, 0]);
  // Its versions: created, found to be among the newest, corrected.
  const [alpha] = await all<{ title: string; description: string; version: number; cast: string[] }>(
    `select title, description, version, array(select p.name from catalog.film_people fp
       join catalog.persons p on p.id = fp.person_id where fp.film_id = f.id) as cast
       from catalog.films f where folded = 'alpha'`,
  );
  assert.deepEqual(alpha, { title: "ALPHA", description: "First.", version: 3, cast: ["Cy Three"] });
  const persons = await all<{ name: string }>("select name from catalog.persons order by name");
  assert.deepEqual(persons, [{ name: "Bo Two" }, { name: "Cy Three" }]);
});

test("films of one title and year are one film, unless their articles tell them apart", async (t) => {
  const { put, run, all } = await setUp(t);
  await run(await put([film("Island", { cast: ["Ann One"] })]));
  const file = await put([
    film("Island", { href: "Island_(live)", extract: "Live." }),
    film("island!", { href: "Island_(animated)", extract: "Animated." }),
    film("Island", { href: "Island_(live)", cast: ["Bo Two"] }),
    film("Island", { year: 2002 }),
  ]);
  const report = await run(file);
  assert.deepEqual([report.files[0]?.created, report.files[0]?.changed], [2, 1]);
  const islands = () =>
    all<{ reference: string; year: number }>(
      "select reference, year from catalog.films order by year, reference",
    );
  const expected = [
    { reference: "Island_(animated)", year: 2001 },
    { reference: "Island_(live)", year: 2001 },
    { reference: "", year: 2002 },
  ];
  assert.deepEqual(await islands(), expected);
  assert.deepEqual((await run(file)).files[0]?.same, 3);
  assert.deepEqual(await islands(), expected);
});

test("bad records are told by file, number and line, and skipped; the others come", async (t) => {
  const { put, run, bad, titles } = await setUp(t);
  const file = await put(
    [
      "[",
      `${JSON.stringify(film("One"))},`,
      '{"title": "Broken" "year": 2000},',
      '{"title": "No year", "cast": [], "genres": []},',
      "",
      `${JSON.stringify(film("Two"))},`,
      JSON.stringify(film("Far", { year: 2999 })),
      "]",
    ].join("\n"),
  );
  const report = await run(file);
  assert.deepEqual(await titles(), ["One", "Two"]);
  assert.deepEqual(
    bad.map(({ record, line }) => [record, line]),
    [
      [2, 3],
      [3, 4],
      [5, 7],
    ],
  );
  assert.ok(bad.every((report) => report.file === file));
  assert.match(bad.map(({ reason }) => reason).join("; "), /not JSON; it has no year; \/year must be from/);
  assert.deepEqual([report.files[0]?.records, report.files[0]?.bad, report.files[0]?.created], [5, 3, 2]);
});

test("a file that breaks off, is no array or no UTF-8 leaves nothing behind, and the next one is read", async (t) => {
  const { put, run, titles, directory } = await setUp(t);
  const whole = JSON.stringify([film("One"), film("Two")]);
  const huge = await put("[]");
  await truncate(huge, 201 * 1024 * 1024);
  const files = [
    await put(whole.slice(0, -3)),
    await put(`${whole}]`),
    await put({ films: [] }),
    await put(""),
    await put(Buffer.concat([Buffer.from('[{"title": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]')])),
    huge,
    join(directory, "none.json"),
    directory,
    await put([film("Last")]),
  ];
  const { files: reports } = await run(...files);
  const reasons = reports.map(({ refused }) => refused ?? "");
  for (const [at, reason] of [
    /middle of record 2/,
    /text follows/,
    /a JSON array/,
    /empty/,
    /not UTF-8/,
    /200 MiB/,
    /no such file/,
    /not a file/,
    /^$/,
  ].entries()) {
    assert.match(reasons[at] ?? "none", reason);
  }
  assert.deepEqual(await titles(), ["Last"]);
});

test("a database that fails in the middle leaves nothing of the file behind", async (t) => {
  const { put, run, titles, db } = await setUp(t);
  await db.run({
    name: "",
    text: "alter table catalog.films add constraint no_gamma check (title <> 'Gamma')",
    values: [],
  });
  await assert.rejects(run(await put(FILMS)), { name: "DatabaseRefusal" });
  assert.deepEqual(await titles(), []);
});

test("a database that is away is said so", async (t) => {
  const { put } = await setUp(t);
  const files = [await put(FILMS)];
  const url = "postgres://kinopass@127.0.0.1:9/none";
  await assert.rejects(importFilms({ url, files, clock: new ManualClock() }), { name: "DatabaseAway" });
});

test("of imports that run at the same time each film comes once", async (t) => {
  const { put, run, titles } = await setUp(t);
  const file = await put(FILMS);
  const reports = await Promise.all(Array.from({ length: 4 }, () => run(file)));
  assert.deepEqual(await titles(), ["Alpha", "Beta", "Gamma"]);
  assert.equal(
    reports.reduce((sum, { files }) => sum + (files[0]?.created ?? 0), 0),
    3,
  );
});

test("progress goes from the first bytes to the last", async (t) => {
  const { put, run, progress } = await setUp(t);
  await run(
    await put(Array.from({ length: 6000 }, (_, n) => film(`Film ${n}`, { extract: "x".repeat(60) }))),
  );
  const last = progress.at(-1);
  assert.ok(progress.length > 2);
  assert.deepEqual([last?.bytesRead, last?.records], [last?.bytesTotal, 6000]);
  assert.ok(progress.every(({ bytesRead }, at) => bytesRead > (progress[at - 1]?.bytesRead ?? 0)));
});

test("replicas that start together fill an empty catalog once; a filled one is left alone", async (t) => {
  const { url, all } = await setUp(t);
  const outcomes = await Promise.all([ensureFilms({ url }), ensureFilms({ url }), ensureFilms({ url })]);
  assert.deepEqual(outcomes.map(({ imported }) => imported).sort(), [0, 0, 3862]);
  const [counts] = await all<{ films: number; years: number; free: number; searchable: number }>(
    `select count(*)::int as films, count(*) filter (where year > 2015 or year < 1900)::int as years,
            count(*) filter (where access = 'free' and year > 2012)::int as free,
            count(*) filter (where search <> '')::int as searchable from catalog.films`,
  );
  assert.deepEqual(counts, { films: 3862, years: 0, free: 0, searchable: 3862 });
  const before = await all(WHOLE);
  assert.deepEqual(await ensureFilms({ url }), { imported: 0 });
  assert.deepEqual(await all(WHOLE), before);
});

test("a rating that one source knows stays when another, which does not, tells more of the film", async (t) => {
  const { url, put, run, all } = await setUp(t);
  await ensureFilms({ url });
  const report = await run(
    await put([film("Inception", { year: 2010, cast: ["Leonardo DiCaprio"], extract: "A thief." })]),
  );
  assert.equal(report.files[0]?.changed, 1);
  const rows = await all(
    "select mpaa, age_rating, description from catalog.films where folded = 'inception'",
  );
  assert.deepEqual(rows, [{ mpaa: "PG-13", age_rating: 12, description: "A thief." }]);
});
