/** The tour, a function a chapter. */
import { randomBytes } from "node:crypto";
import { pick, untilEnded } from "./films.ts";
import { PASSWORD, signUp, superuser } from "./people.ts";
import { call, chapter, remark, text } from "./show.ts";
import type { Stand } from "./stand.ts";

/** Addresses of the playback of a film of each kind. */
interface Films {
  readonly free: string;
  readonly paid: string;
  readonly adult: string;
}

interface Signed {
  readonly access: string;
  readonly refresh: string;
}

/** People of their own each time: the tour may be walked again. */
const once = randomBytes(4).toString("hex");

export async function walk(stand: Stand): Promise<void> {
  const films = await guestLooksAround(stand);
  const anna = await annaSignsUp(stand);
  const signed = await annaSignsIn(stand, anna);
  await annaPlays(films, signed);
  const subscriber = await annaIsGrantedARole(stand, films, signed);
  await childIsShownLess(stand, films);
  await annaSignsOut(stand, films, subscriber);
}

async function guestLooksAround({ catalog }: Stand): Promise<Films> {
  chapter("A guest looks around");
  const found = await call({ url: `${catalog}/v1/films?query=godfahter&page_size=2`, expect: 200 });
  remark(`The typo is forgiven: ${String(found.items?.[0]?.["title"])}.`);
  const playback = (film: number) => `${catalog}/v1/films/${film}/playback`;
  const films = {
    free: playback(await pick(catalog, "free", [0, 6, 12, 16])),
    paid: playback(await pick(catalog, "subscriber", [0, 6, 12, 16, 18])),
    adult: playback(await pick(catalog, "free", [18])),
  };
  await call({ method: "POST", url: films.free, expect: [401, "sign_in_required"] });
  return films;
}

async function annaSignsUp(stand: Stand): Promise<string> {
  chapter("Anna signs up and confirms her address");
  const anna = `anna-${once}@example.com`;
  await signUp(stand, anna, "1990-05-17");
  return anna;
}

async function annaSignsIn({ auth }: Stand, anna: string): Promise<Signed> {
  chapter("She signs in on a television, refreshes, and sees her devices and her history");
  const url = `${auth}/v1/sessions`;
  const body = { email: anna, password: PASSWORD, device: { name: "Living-room TV", kind: "tv" } };
  await call({
    method: "POST",
    url,
    body: { ...body, password: "not her password" },
    expect: [401, "credentials_wrong"],
    language: "ru",
  });
  const tv = await call({ method: "POST", url, body, expect: 201 });
  const signed = await refresh(auth, text(tv, "refresh_token"));
  const token = signed.access;
  await call({ url, token, expect: 200 });
  await call({ url: `${auth}/v1/me/sign-ins?page_size=3`, token, expect: 200 });
  await call({ url: `${auth}/v1/me`, token, expect: 200 });
  return signed;
}

async function refresh(auth: string, token: string): Promise<Signed> {
  const answer = await call({
    method: "POST",
    url: `${auth}/v1/sessions/refresh`,
    body: { refresh_token: token },
    expect: 200,
  });
  return { access: text(answer, "access_token"), refresh: text(answer, "refresh_token") };
}

async function annaPlays({ free, paid }: Films, { access: token }: Signed): Promise<void> {
  chapter("She plays a free film; the newest ones ask for a subscription");
  await call({ method: "POST", url: free, token, expect: 201 });
  await call({ method: "POST", url: paid, token, expect: [403, "subscription_required"] });
}

/** @returns what she is signed in with, once her tokens tell of the role */
async function annaIsGrantedARole({ auth }: Stand, { paid }: Films, signed: Signed): Promise<Signed> {
  chapter("A superuser from the console grants her the role");
  const chief = await superuser(auth, `chief-${once}@example.com`);
  const me = await call({ url: `${auth}/v1/me`, token: signed.access, expect: 200 });
  const grant = { method: "PUT", url: `${auth}/v1/accounts/${text(me, "id")}/roles/subscriber` } as const;
  await call({ ...grant, token: signed.access, expect: [403, "permission_required"] });
  await call({ ...grant, token: text(chief, "access_token"), expect: 204 });
  const subscriber = await refresh(auth, signed.refresh);
  await call({ method: "POST", url: paid, token: subscriber.access, expect: 201 });
  return subscriber;
}

async function childIsShownLess(stand: Stand, { adult }: Films): Promise<void> {
  chapter("A child is not shown what is for adults");
  const bornIn = new Date().getUTCFullYear() - 9;
  const child = await signUp(stand, `misha-${once}@example.com`, `${bornIn}-01-15`);
  await call({
    method: "POST",
    url: adult,
    token: text(child, "access_token"),
    expect: [403, "age_restricted"],
  });
}

async function annaSignsOut({ auth }: Stand, { free }: Films, { access, refresh }: Signed): Promise<void> {
  chapter("Anna signs out everywhere");
  await call({ method: "DELETE", url: `${auth}/v1/sessions`, token: access, expect: 204 });
  await call({
    method: "POST",
    url: `${auth}/v1/sessions/refresh`,
    body: { refresh_token: refresh },
    expect: [401, "session_over"],
  });
  await call({ url: `${auth}/v1/me`, token: access, expect: [401, "access_token_invalid"] });

  remark("The catalog asks nobody, and knows within a second: the revocation feed told it.");
  await untilEnded(free, access);
  await call({ method: "POST", url: free, token: access, expect: [401, "session_ended"] });
}
