const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(HeadlessChrome|Chromium)\//, "Chromium"],
  [/\b(Chrome|CriOS)\//, "Chrome"],
  [/\bVersion\/[\d.]+ .*Safari\//, "Safari"],
  [/^curl\//, "curl"],
];

const systems: [RegExp, string][] = [
  [/\bAndroid\b/, "Android"],
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

const find = (table: [RegExp, string][], text: string): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

/** What a browser is called in the list of keys, such as "Chromium on Linux". */
export function labelOf(userAgent: string | undefined, brands: string | undefined): string {
  const agent = userAgent ?? "";
  const name = find(browsers, agent) ?? "Browser";
  // Chromium names itself Chrome in the User-Agent; its brand list tells them apart.
  const chromium = name === "Chrome" && brands !== undefined && !brands.includes("Google Chrome");
  const system = find(systems, agent);
  return `${chromium ? "Chromium" : name}${system === undefined ? "" : ` on ${system}`}`;
}
