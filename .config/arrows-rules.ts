// The direction of imports, as dependency-cruiser rules. Paths are relative to the root.
import type { ICruiseOptions, IRegularForbiddenRuleType as Rule } from "dependency-cruiser";

const test = String.raw`\.(test|spec|contract)\.tsx?$|/testing/|/e2e/|/bench/|/torture/|/simulation/|/fuzz/|/hardships/`;
const npm = (name: string): string => `(^|/)node_modules/(@types/)?${name}/`;
const server = "^apps/server/src/";
const runner = "^apps/runner/src/";

const forbid = (name: string, comment: string, from: Rule["from"], to: Rule["to"]): Rule => ({
  name,
  comment,
  severity: "error",
  from,
  to,
});

const forbidden: Rule[] = [
  forbid(
    "shared-stands-alone",
    "shared runs in the browser and in Node alike: only zod and partysocket",
    { path: "^shared/src/", pathNot: test },
    { pathNot: ["^shared/src/", npm("zod"), npm("partysocket")] },
  ),
  forbid(
    "web-uses-shared-only",
    "the page talks to the server by the protocol",
    { path: "^apps/web/src/" },
    { path: "^apps/(?!web/)" },
  ),
  forbid(
    "runner-uses-shared-only",
    "the runner also stands alone, without server or page",
    { path: runner },
    { path: "^apps/(?!runner/)" },
  ),
  forbid(
    "server-not-to-web",
    "the server serves the built page and imports none of it",
    { path: server },
    { path: "^apps/(?!server/|runner/)" },
  ),
  forbid(
    "runner-by-its-interface",
    "the server knows the runner's interface, not its insides",
    { path: server, pathNot: test },
    { path: "^apps/runner/", pathNot: `${runner}(runner|worker-runner)\\.ts$` },
  ),
  forbid(
    "runner-by-its-interface-in-tests",
    "tests may also use what the runner offers for tests",
    { path: `${server}.*(${test})` },
    { path: "^apps/runner/", pathNot: `${runner}((runner|worker-runner)\\.ts$|testing/)` },
  ),
  forbid(
    "subjects-know-only-the-store",
    "checkpoints and sessions know neither who calls them nor which engine keeps them",
    { path: `${server}(checkpoints|sessions)/`, pathNot: test },
    { path: `${server}(realtime/|http/|storage/(?!store\\.ts$)|bus/(?!bus\\.ts$))` },
  ),
  forbid(
    "engines-in-main-only",
    "main chooses the engines; the rest knows their interfaces",
    {
      path: "^(apps|shared)/",
      pathNot: [test, `${server}main\\.ts$`, `${server}(storage/(sqlite|postgres)|bus)/`],
    },
    { path: `${server}(storage/(sqlite|postgres)/|bus/(local|postgres|nats))` },
  ),
  forbid(
    "node-ws-behind-its-adapter",
    "its faults are guarded in one place",
    { pathNot: `${server}realtime/upgrade\\.ts$` },
    { path: npm("@hono/node-ws") },
  ),
  forbid(
    "testing-in-tests-only",
    "product code never leans on what is made for tests",
    { pathNot: test },
    { path: "^(apps|shared)/.*(/testing/|\\.(test|spec)\\.tsx?$)" },
  ),
  forbid("no-cycles", "what imports itself cannot be understood apart", {}, { circular: true }),
  forbid(
    "no-unresolvable",
    "an import that is not found is not checked by any rule above",
    {},
    { couldNotResolve: true },
  ),
];

/** For `cruise`; `baseDir` is the folder that holds `apps` and `shared`. */
export function arrowOptions(baseDir: string): ICruiseOptions {
  return {
    baseDir,
    validate: true,
    ruleSet: { forbidden },
    // A type import is an arrow too.
    tsPreCompilationDeps: true,
    // Generated folders hold no sources of ours.
    exclude: { path: "/(dist|\\.cache|coverage)/" },
    doNotFollow: { path: "node_modules" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  };
}
