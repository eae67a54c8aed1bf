import { stateIn } from "./callback.ts";
import { type Hosts, hostsOr } from "./hosts.ts";
import type { CallbackParams, ProviderHealth, ProviderName } from "./provider.ts";
import { ProviderClient, type Surroundings } from "./provider-client.ts";

type Defaults = Readonly<Record<string, string>>;

/** What every adapter has: settings, hosts, and a way out with a deadline and a breaker of its own. */
export abstract class Adapter<
  Known extends Defaults,
  Config extends { readonly hosts?: Partial<Hosts<Known>> },
> {
  readonly name: ProviderName;
  protected readonly config: Config;
  protected readonly hosts: Hosts<Known>;
  protected readonly surroundings: Surroundings;
  protected readonly client: ProviderClient;

  constructor(name: ProviderName, known: Known, config: Config, surroundings: Surroundings) {
    this.name = name;
    this.config = config;
    this.hosts = hostsOr(known, config.hosts);
    this.surroundings = surroundings;
    this.client = new ProviderClient(name, surroundings);
  }

  health(): ProviderHealth {
    return this.client.health();
  }

  stateOf(params: CallbackParams): string | undefined {
    return stateIn(params);
  }
}
