import type { Keeper } from "../accounts/keepers.ts";
import { eraseEntries } from "../audit/queries.ts";
import { erase as erasePairings } from "../pairing/queries.ts";
import { refuse as refuseRole } from "../roles/roles.ts";
import type { Ground } from "./ground.ts";

/** Everything that is kept about an account outside its own row; a new capability adds its line. */
export function keepersOf({ db, audit, history, roles, sessions }: Ground): readonly Keeper[] {
  return [
    {
      name: "sessions",
      export: (id) => sessions.list(id),
      move: (tx, id, to) => sessions.move(tx, id, to),
      erase: (tx, id) => sessions.erase(tx, id),
    },
    {
      name: "sign_ins",
      export: (id) => history.exportOf(id),
      erase: (tx, id) => history.erase(tx, id),
    },
    {
      name: "roles",
      refuses: [refuseRole.last_superuser],
      erase: (tx, id) => roles.forget(tx, id),
    },
    {
      name: "pairings",
      erase: async (tx, id) => void (await erasePairings(tx, id)),
    },
    {
      name: "acts",
      export: (id) => audit.of(db, id),
      erase: async (tx, id) => void (await eraseEntries(tx, id)),
    },
  ];
}
