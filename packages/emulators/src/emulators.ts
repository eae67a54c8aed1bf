import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import fastify from "fastify";
import { type ClientOverrides, registered } from "./clients.ts";
import { Consents } from "./consents.ts";
import { control } from "./control.ts";
import { environmentOf } from "./environment.ts";
import { type Fault, Faults } from "./faults.ts";
import { books, type Clock, type Emulated, type Ground, type Random } from "./ground.ts";
import { KeyRing } from "./key-ring.ts";
import { type NewPerson, People, type Person } from "./people.ts";
import { apple } from "./providers/apple.ts";
import { facebook, signedRequest } from "./providers/facebook.ts";
import { google } from "./providers/google.ts";
import { mailru } from "./providers/mailru.ts";
import { odnoklassniki } from "./providers/odnoklassniki.ts";
import { telegram } from "./providers/telegram.ts";
import { vk } from "./providers/vk.ts";
import { x } from "./providers/x.ts";
import { yandex } from "./providers/yandex.ts";

export interface EmulatorOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  /** A loopback address; anything else is refused. */
  readonly host?: string;
  /** How browsers and services reach the emulators when that is not `http://host:port`. */
  readonly publicUrl?: string;
  /** What the consent pages call the app; its client_id unless told. */
  readonly appName?: string;
  readonly credentials?: ClientOverrides;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Emulators {
  readonly url: string;
  /** The settings that point an app at these emulators: AUTH_SOCIAL_EMULATOR and each provider's credentials. */
  readonly environment: Readonly<Record<string, string>>;
  setFault(provider: Emulated, fault: Fault): void;
  clearFaults(provider?: Emulated): void;
  addPerson(person: NewPerson): Person;
  rotateKeys(provider: Emulated, options?: { readonly withdrawOld?: boolean }): void;
  /** What Facebook would post when this person removes the app. */
  signedRequest(personId: string): string;
  /** How many profile reads X would have billed. */
  billedReads(): number;
  close(): Promise<void>;
}

/**
 * Starts the nine providers in one server. Every route is `/<real host>/<real path>`, so putting the emulators' address
 * in front of a provider's own is all the configuration an app needs. @throws when the host is not loopback or the port is taken.
 */
export async function startEmulators(options: EmulatorOptions = {}): Promise<Emulators> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host))
    throw new RangeError(`${host} is not a loopback address: an emulator lets anybody be anybody`);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 65_536,
    routerOptions: { maxParamLength: 256 },
  });
  const form = "application/x-www-form-urlencoded";
  app.addContentTypeParser(form, { parseAs: "string" }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });

  // biome-ignore lint/plugin: the default for those who do not move time by hand
  const clock: Clock = options.clock ?? { now: () => new Date() };
  const random: Random = options.random ?? randomBytes;
  let url = options.publicUrl ?? "";
  const ground: Ground = {
    app,
    clock,
    random,
    people: new People(random),
    clients: registered(options.credentials ?? {}),
    keys: new KeyRing(),
    publicUrl: () => url,
    appName: options.appName,
    grants: books(clock, random),
  };
  const faults = new Faults();
  const reads = { count: 0 };
  const environment = () => environmentOf(url, ground.clients, ground.keys);
  faults.install(app);
  const consents = new Consents(ground);
  for (const emulate of [yandex, vk, mailru, google, facebook, odnoklassniki, telegram, apple])
    emulate(ground, consents);
  x(ground, consents, reads);
  control({ ground, faults, environment, reads });

  const address = await app.listen({ port: options.port ?? 0, host });
  url = options.publicUrl ?? address;
  return {
    url,
    environment: await environment(),
    setFault: (provider, fault) => faults.set(provider, fault),
    clearFaults: (provider) => faults.clear(provider),
    addPerson: (person) => ground.people.add(person),
    rotateKeys: (provider, how) => ground.keys.rotate(provider, how),
    signedRequest: (id) => signedRequest(ground.clients.facebook.secret, known(ground, id), clock.now()),
    billedReads: () => reads.count,
    close: async () => {
      faults.release();
      await app.close();
    },
  };
}

function known(ground: Ground, id: string): Person {
  const person = ground.people.find(id);
  if (person === undefined) throw new RangeError(`nobody is called ${id}`);
  return person;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
