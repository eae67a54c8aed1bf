import { statement } from "@kinopass/postgres";

export interface RegionRow {
  readonly code: number;
  readonly slug: string;
  readonly jurisdiction: string;
  readonly name_en: string;
  readonly name_ru: string;
}

export const allRegions = statement<RegionRow>(
  "regions.all",
  "select code, slug, jurisdiction, name_en, name_ru from auth.regions order by code",
);
