import { runEach } from "./run-each.ts";

runEach("bench", "apps/*/bench/*.bench.ts", process.argv.slice(2));
