import { expect, test } from "vitest";
import { BareSocket, upgradeRequest } from "../testing/http.ts";
import { startTestServer } from "../testing/harness.ts";
import { RawClient } from "../testing/raw-client.ts";

test("[LIV3] who answers pings stays; who does not is cut", async () => {
  const server = await startTestServer({ liveness: { pingMs: 40, deadMs: 40 } });
  try {
    const alive = await RawClient.open(server.ws);
    const fivePings = new Promise<void>((resolve) => {
      let pings = 0;
      alive.ws.on("ping", () => {
        if ((pings += 1) === 5) resolve();
      });
    });
    const silent = await new BareSocket(server.url).connected();
    silent.socket.write(upgradeRequest(server.url));
    // Never answers: it knows nothing of WebSockets.
    expect(await silent.closed).toContain("101 Switching");
    await fivePings;
    expect(alive.closed).toBeNull();
    await alive.call("authenticate", { token: server.token });
    const { gauges } = await alive.call("metrics", {});
    expect(gauges["cairn_sockets"]).toBe(1);
  } finally {
    await server.stop();
  }
});
