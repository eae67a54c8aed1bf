/** One entry of the array, still as text. */
export interface ArrayEntry {
  /** From 1. */
  readonly number: number;
  /** Where it begins, from 1. */
  readonly line: number;
  /** Undefined where the entry is larger than an entry may be. */
  readonly text: string | undefined;
}

/** The file is not what it should be; nothing of it is imported. */
export class FileRefused extends Error {
  override readonly name = "FileRefused";
}

const MAX_ENTRY_LENGTH = 64 * 1024;

/**
 * Splits a JSON array into its entries while it arrives, so that memory is bounded by one entry and a
 * broken entry can be told by its line and skipped. The entries themselves are not parsed here.
 */
export class JsonArraySplitter {
  #place: "before" | "inside" | "after" = "before";
  #line = 1;
  #number = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun = false;
  #beganAtLine = 1;
  #text = "";
  #tooLong = false;

  /** The entries that end in this piece. Throws FileRefused where the text is no array. */
  *push(piece: string): Generator<ArrayEntry> {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const sign = piece.charCodeAt(at);
      if (sign === NEW_LINE) this.#line += 1;
      if (this.#place !== "inside") {
        this.#outside(sign);
        from = at + 1;
      } else if (!this.#begun) {
        from = at;
        this.#begin(sign);
      }
      if (this.#begun && this.#step(sign)) {
        this.#keep(piece.slice(from, at));
        from = at + 1;
        yield this.#end(sign);
      }
    }
    if (this.#begun) this.#keep(piece.slice(from));
  }

  /** To be called when the file has ended. */
  finish(): void {
    if (this.#place === "after") return;
    if (this.#place === "before") throw new FileRefused("it is empty; a JSON array of films is expected");
    throw new FileRefused(
      `it ends in the middle of record ${this.#number + 1}, which begins in line ${this.#beganAtLine}`,
    );
  }

  #outside(sign: number): void {
    if (isSpace(sign)) return;
    if (this.#place === "after")
      throw new FileRefused(`line ${this.#line}: text follows the end of the array`);
    if (sign !== OPEN_ARRAY) throw new FileRefused(`line ${this.#line}: a JSON array of films is expected`);
    this.#place = "inside";
  }

  #begin(sign: number): void {
    if (isSpace(sign)) return;
    this.#beganAtLine = this.#line;
    this.#begun = sign !== CLOSE_ARRAY;
    if (this.#begun) return;
    if (this.#number > 0) throw new FileRefused(`line ${this.#line}: the array ends after a comma`);
    this.#place = "after";
  }

  /** Whether the entry ends at this sign, which is not part of it. */
  #step(sign: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (sign === BACKSLASH) this.#escaped = true;
      else if (sign === QUOTE) this.#inString = false;
    } else if (sign === QUOTE) this.#inString = true;
    else if (sign === OPEN_OBJECT || sign === OPEN_ARRAY) this.#depth += 1;
    else if (this.#depth === 0) return sign === COMMA || sign === CLOSE_ARRAY;
    else if (sign === CLOSE_OBJECT || sign === CLOSE_ARRAY) this.#depth -= 1;
    return false;
  }

  #keep(part: string): void {
    this.#tooLong ||= this.#text.length + part.length > MAX_ENTRY_LENGTH;
    this.#text = this.#tooLong ? "" : this.#text + part;
  }

  #end(sign: number): ArrayEntry {
    this.#number += 1;
    const text = this.#tooLong ? undefined : this.#text;
    this.#text = "";
    this.#tooLong = false;
    this.#begun = false;
    if (sign === CLOSE_ARRAY) this.#place = "after";
    return { number: this.#number, line: this.#beganAtLine, text };
  }
}

const [NEW_LINE, QUOTE, COMMA, BACKSLASH] = [10, 34, 44, 92] as const;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125] as const;

function isSpace(sign: number): boolean {
  return sign === 32 || sign === 9 || sign === 10 || sign === 13;
}
