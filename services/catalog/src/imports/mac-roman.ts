/** Characters of Mac OS Roman from byte 0x80 up, in order. */
const MAC_ROMAN =
  "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø" +
  "¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/**
 * Mends a text whose Windows-1252 bytes were once read as Mac OS Roman ("LÈon" was "Léon"). A text with
 * any character that Mac OS Roman does not have cannot have come that way and stays.
 */
export function mendMacRoman(text: string): string {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const place = code < 0x80 ? code - 0x80 : MAC_ROMAN.indexOf(character);
    if (code >= 0x80 && place === -1) return text;
    bytes.push(0x80 + place);
  }
  return new TextDecoder("windows-1252").decode(Uint8Array.from(bytes));
}
