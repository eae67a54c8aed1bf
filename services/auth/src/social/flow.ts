import type { Language } from "@kinopass/http";
import type { AccountId, SessionId } from "../ids.ts";
import type { Profile, ProviderName } from "./providers/provider.ts";

/** What a flow is for, bound into its state from the start. */
export type Purpose =
  | { readonly kind: "sign_in" }
  | { readonly kind: "link"; readonly accountId: AccountId; readonly sessionId: SessionId };

/** A person is at the provider; this waits for their return, sealed. */
export interface Flow {
  readonly purpose: Purpose;
  readonly provider: ProviderName;
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  /** S256 challenge of the client that began; it alone can use what comes of the flow. */
  readonly challenge: string | null;
  /** Hash of the browser's mark; null for links that their client confirms itself. */
  readonly browser: string | null;
  readonly language: Language;
}

/** What the code at `return_to` stands for: a minute, once. */
export type Handover =
  | {
      readonly kind: "sign_in";
      readonly accountId: AccountId;
      readonly provider: ProviderName;
      readonly subject: string;
      readonly isNew: boolean;
      readonly challenge: string | null;
    }
  | {
      readonly kind: "link";
      readonly accountId: AccountId;
      readonly sessionId: SessionId;
      readonly provider: ProviderName;
      readonly profile: Profile;
      readonly challenge: string;
    };

/** How a flow ended, as told to `return_to`. */
export type Ending =
  | { readonly parameter: "code" | "linked"; readonly value: string }
  | { readonly parameter: "error"; readonly value: string };
