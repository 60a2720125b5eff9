import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseConformance } from "./conformance/base.contract.ts";
import { beyondConformance } from "./conformance/beyond.contract.ts";
import { retentionConformance } from "./conformance/beyond-retention.contract.ts";
import type { ServerUnderTest } from "./conformance/stage.ts";
import { clientConformance } from "./conformance/typed-client.contract.ts";
import { startTestServer } from "./testing/harness.ts";

async function start(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<ServerUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "cairn-conformance-data-"));
  const dataDir = join(root, "data");
  const open = async (port: number): Promise<ServerUnderTest> => {
    const server = await startTestServer({ ...options, dataDir, port });
    return {
      url: server.url.replace(/\/$/, ""),
      ws: server.ws,
      token: server.token,
      restart: async () => {
        await server.stop();
        return open(server.port);
      },
      stop: async () => {
        await server.stop();
        await rm(root, { recursive: true, force: true });
      },
    };
  };
  return open(0);
}

baseConformance({ start });
beyondConformance({ start });
retentionConformance({
  start: () =>
    start({ logEvents: 10, trimPauses: { settleMs: 20, breathMs: 1, sweepMs: 3_600_000 } }),
});
clientConformance({ start });
