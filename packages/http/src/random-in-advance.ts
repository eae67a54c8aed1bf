import { randomFillSync } from "node:crypto";

/** A system call for every id would cost more than the rest of it: bytes are drawn for many, and each is given out once. */
export function randomInAdvance(): (size: number) => Buffer {
  const drawn = Buffer.alloc(4_096);
  let used = drawn.length;
  return (size) => {
    if (used + size > drawn.length) {
      randomFillSync(drawn);
      used = 0;
    }
    used += size;
    return drawn.subarray(used - size, used);
  };
}
