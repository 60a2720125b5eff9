import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  cacheDir: ".cache/vite",
  test: {
    include: ["{shared,apps/*}/src/**/*.test.{ts,tsx}", ".config/**/*.test.ts"],
    // Engines that need a server of their own are not part of this run.
    exclude: ["**/node_modules/**", "**/*.{pg,nats}.test.ts"],
    environment: "node",
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
