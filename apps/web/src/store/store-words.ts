/** `4.2 to 1`; `–` while there is nothing to compare. */
export function ratioWords(ratio: number | null): string {
  if (ratio === null) return "–";
  return `${ratio >= 99.5 ? Math.round(ratio) : ratio.toFixed(1)} to 1`;
}
