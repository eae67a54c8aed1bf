import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Revocation } from "./feed-event.ts";

const Kept = Compile(
  Type.Object({
    revocations: Type.Array(
      Type.Union([
        Type.Object({ kind: Type.Literal("session"), sessionId: Type.String(), atMs: Type.Number() }),
        Type.Object({
          kind: Type.Literal("account"),
          accountId: Type.String(),
          beforeMs: Type.Number(),
          because: Type.Union([Type.Literal("session_ended"), Type.Literal("token_outdated")]),
        }),
      ]),
    ),
  }),
);

/** The copy from the disk; nothing where it is not one. */
export function readKeptRevocations(body: unknown): readonly Revocation[] {
  return Kept.Check(body) ? body.revocations : [];
}

/** Some milliseconds of work: a long copy is made in many of them, between requests. */
const A_PIECE = 500;

/** The copy for the disk, as JSON in pieces. */
export function* keptPieces(revocations: Iterable<Revocation>): Generator<string> {
  let piece: string[] = [];
  let before = '{"revocations":[';
  for (const revocation of revocations) {
    piece.push(JSON.stringify(revocation));
    if (piece.length < A_PIECE) continue;
    yield before + piece.join(",");
    [piece, before] = [[], ","];
  }
  yield `${piece.length === 0 && before === "," ? "" : before}${piece.join(",")}]}`;
}
