import { describe, expect, test } from "vitest";
import type { PlainEvent } from "./plain-client.ts";
import type { Stage } from "./stage.ts";
import { come, log, seqs } from "./written.ts";

/** What a socket may hold, and one event beyond it. */
const heldBytes = 256 * 1024 + 220 * 1024;
const commits = 60;

/** A client that stops reading for a while. */
export function slowConformance(stage: () => Stage): void {
  describe("slow clients", () => {
    test("[SLO1] [SLO3] [SLO5] who stops reading is told, gets everything later and in order, and costs nobody anything", async () => {
      const actor = await stage().client();
      const { session_id } = await stage().scene(actor);
      // 200 KB in each event about the session; the kernel takes some 4 MB of them.
      const patterns = Array.from({ length: 200 }, (_, n) => `${"p".repeat(500)}${n}`);
      await actor.result("update_session", {
        session_id,
        settings: { ignore: patterns, include: patterns },
      });
      const events = ["session_updated"];
      const [slow, brisk] = [await stage().client(), await stage().client()];
      const { subscription_id } = await slow.result("subscribe", { session_id, events });
      await brisk.result("subscribe", { session_id, events });
      slow.pause();
      for (let n = 0; n < commits; n += 1) {
        await actor.result("update_session", { session_id, name: `${n}` });
      }
      const seen = await come(brisk, commits);

      const { connections } = await actor.result("list_connections");
      const theirs = (connections as Record<string, unknown>[]).find(({ subscriptions }) =>
        (subscriptions as Record<string, unknown>[]).some(
          (one) => one["subscription_id"] === subscription_id,
        ),
      );
      expect(Number(theirs?.["buffered_bytes"])).toBeGreaterThan(0);
      expect(Number(theirs?.["buffered_bytes"])).toBeLessThan(heldBytes);
      expect(theirs?.["subscriptions"]).toMatchObject([{ seq: expect.any(Number) }]);
      expect(theirs?.["subscriptions"]).not.toMatchObject([{ lag: 0 }]);

      slow.resume();
      expect(await come(slow, commits)).toEqual(seen);
      const all = await log(actor, session_id, ...events);
      expect(seqs(seen)).toEqual(seqs(all).slice(-commits));

      const at = slow.events.findIndex(({ event_type }) => event_type === "lagged");
      const lagged = slow.events[at];
      expect(lagged?.data).toMatchObject({ session_id, subscription_id });
      const { from, to } = (lagged ?? { data: {} }).data as { from: number; to: number };
      expect(to).toBeGreaterThanOrEqual(from);
      // All before what it names had been sent, and that comes after it.
      const before = slow.events
        .slice(0, at)
        .filter((event): event is PlainEvent => "seq" in event);
      const [next] = slow.events.slice(at + 1).filter((event) => "seq" in event);
      expect(Number(before.at(-1)?.["seq"])).toBeLessThan(from);
      expect(next?.["seq"]).toBe(from);
    });
  });
}
