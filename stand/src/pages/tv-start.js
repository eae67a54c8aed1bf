import { isSignedIn } from "./tv-api.js";
import { films } from "./tv-films.js";
import { pairing, stopPairing } from "./tv-pairing.js";
import { startRemote } from "./tv-remote.js";
import { signUp } from "./tv-sign-up.js";

const go = {
  pairing: (notice) => pairing(go, notice),
  signUp: () => {
    stopPairing();
    signUp(go);
  },
  films: () => films(go),
};

startRemote();
await (isSignedIn() ? go.films() : go.pairing());
