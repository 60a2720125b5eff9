const units: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** Bytes of a size such as `20 GB`, `1.5gb` or `4096`; null when it is none. */
export function readBytes(typed: string): number | null {
  const found = /^(\d+(?:[.,]\d+)?)\s*([kmgt]?b)?$/i.exec(typed.trim());
  if (found === null) return null;
  const [, digits = "", unit = "b"] = found;
  const bytes = Math.round(Number(digits.replace(",", ".")) * (units[unit.toLowerCase()] ?? 1));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size as it is typed, exact: `20 GB`, `1500 KB`. */
export function writeBytes(bytes: number): string {
  for (const unit of ["TB", "GB", "MB", "KB"]) {
    const size = units[unit.toLowerCase()] ?? 1;
    if (bytes >= size && bytes % (size / 10) === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} B`;
}
