import { statement } from "@kinopass/postgres";

/** Likeliest first: as long as what was asked; a word has few neighbours, the limit is for odd ones. */
export const meaningsOf = statement<{ asked: string; words: readonly string[] }>(
  "search.meanings_of",
  `select given.asked, (array_agg(distinct s.word))[1:20] as words
     from unnest($1::text[], $2::text[]) as given (asked, spelling)
     join catalog.spellings s on s.spelling = given.spelling
    group by given.asked`,
);

/** Words that are there already bring nothing new. In order, because an index takes sorted rows several times faster. */
export const learnWords = statement(
  "search.learn_words",
  `insert into catalog.spellings (spelling, word)
   select distinct case when place = 0 then word else overlay(word placing '' from place for 1) end, word
     from unnest($1::text[]) as given (word)
    cross join lateral generate_series(0, case when char_length(word) > 3 then char_length(word) else 0 end)
       as places (place)
    where not exists (select from catalog.spellings s where s.spelling = given.word and s.word = given.word)
    order by 1, 2
   on conflict do nothing`,
);
