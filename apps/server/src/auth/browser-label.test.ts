import { expect, test } from "vitest";
import { labelOf } from "./browser-label.ts";

const chrome =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

test.each([
  [chrome, '"Chromium";v="140", "Not=A?Brand";v="24"', "Chromium on Linux"],
  [chrome, '"Chromium";v="140", "Google Chrome";v="140"', "Chrome on Linux"],
  [chrome, undefined, "Chrome on Linux"],
  [chrome.replace("Chrome/", "HeadlessChrome/"), undefined, "Chromium on Linux"],
  [`${chrome} Edg/140.0`, undefined, "Edge on Linux"],
  [
    "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
    undefined,
    "Firefox on Windows",
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    undefined,
    "Safari on macOS",
  ],
  [
    "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36",
    undefined,
    "Chrome on Android",
  ],
  ["curl/8.5.0", undefined, "curl"],
  ["<script>", undefined, "Browser"],
  [undefined, undefined, "Browser"],
])("%s", (agent, brands, label) => expect(labelOf(agent, brands)).toBe(label));
