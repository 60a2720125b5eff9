import { runEach } from "./run-each.ts";

runEach("torture", "apps/*/torture/*.ts", process.argv.slice(2));
