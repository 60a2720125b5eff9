/**
 * Text as it is searched: without regard to case or composition, in every script. Upper case,
 * because lower case depends on the place of a letter (a Greek sigma at the end of a word).
 */
export function fold(text: string): string {
  return text.toWellFormed().toUpperCase().normalize("NFC").replaceAll("\0", "\u{fffd}");
}
