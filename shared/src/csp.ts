import * as z from "zod/mini";

// zod compiles parsers with `new Function` when a schema is made, which the page's strict
// Content-Security-Policy forbids and reports. Servers and the CLI keep the faster parsers.
if ("document" in globalThis) z.config({ jitless: true });
