const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [...'"\\{}[]'].map((character) => character.charCodeAt(0));

/** Reads a JSON array of objects byte by byte, counts its items, and knows in the end whether it was whole. Keeps nothing. */
export class JsonArrayScanner {
  items = 0;
  bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun = false;
  #ended = false;
  #broken = false;

  /** Takes the next bytes. @param {Uint8Array} chunk */
  take(chunk) {
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) at = this.#passString(chunk, at);
      else this.#takeStructure(chunk[at]);
    }
  }

  /** Passes over a string, as far as the chunk goes; the index of its last byte. */
  #passString(chunk, from) {
    for (let at = from; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === backslash) this.#escaped = true;
      else if (chunk[at] === quote) {
        this.#inString = false;
        return at;
      }
    }
    return chunk.length;
  }

  #takeStructure(byte) {
    if (byte === quote) this.#inString = true;
    else if (byte === openBrace || byte === openBracket) this.#open(byte);
    else if (byte === closeBrace || byte === closeBracket) this.#close(byte);
  }

  #open(byte) {
    if (this.#ended || (!this.#begun && byte !== openBracket)) this.#broken = true;
    this.#begun = true;
    if (this.#depth === 1 && byte === openBrace) this.items++;
    this.#depth++;
  }

  #close(byte) {
    this.#depth--;
    if (this.#depth < 0) this.#broken = true;
    if (this.#depth > 0) return;
    this.#ended = true;
    if (byte !== closeBracket) this.#broken = true;
  }

  /** Whether what was taken is one array from its first bracket to its last. */
  get isWhole() {
    return this.#ended && !this.#broken && !this.#inString && this.#depth === 0;
  }
}
