import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envelopeConformance } from "./base-envelope.contract.ts";
import { eventConformance } from "./base-events.contract.ts";
import type { PlainClient } from "./plain-client.ts";
import { checkpoint, Stage, type Suite } from "./stage.ts";

/** The base protocol, as a client that knows nothing else meets it. */
export function baseConformance({ start }: Suite): void {
  describe("base protocol", () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = new Stage(await start());
    });
    afterAll(() => stage.end());

    envelopeConformance(() => stage);
    eventConformance(() => stage);

    describe("order", () => {
      test("[ORD1] [ORD2] 50 pipelined commands are all answered with success, mutations in the order sent", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const sent = Array.from({ length: 50 }, (_, n) => ({
          id: `n${n}`,
          method: n % 5 === 4 ? "list_checkpoints" : "checkpoint",
          params: n % 5 === 4 ? { session_id } : { session_id, message: `n${n}` },
        }));
        for (const request of sent) client.send(JSON.stringify(request));
        const replies = await Promise.all(sent.map(({ id }) => client.reply(id)));
        expect(replies.filter(({ success }) => !success)).toEqual([]);
        const answered = client.frames.filter((frame) => String(frame["id"]).startsWith("n"));
        expect(answered).toHaveLength(50);

        const mutations = sent.filter(({ method }) => method === "checkpoint").map(({ id }) => id);
        const order = answered.map(({ id }) => id).filter((id) => mutations.includes(String(id)));
        expect(order).toEqual(mutations);
        const { checkpoints } = await client.result("list_checkpoints", {
          session_id,
          order: "asc",
          limit: 200,
        });
        const messages = (checkpoints as { message: string }[]).map(({ message }) => message);
        expect(messages).toEqual(mutations);
      });
    });

    describe("checkpoints", () => {
      test("[CHK1] tagged checkpoints validate, also when tags change and notes are added later", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const tagged = await checkpoint(client, scene, { tags: ["a", "b"] });
        const plain = await checkpoint(client, scene);
        await client.result("update_checkpoint", {
          session_id,
          checkpoint_id: plain,
          tags: ["later"],
          pinned: true,
        });
        await client.result("annotate", { session_id, checkpoint_id: tagged, note: "n" });
        expect(await client.result("validate", { session_id, deep: true })).toMatchObject({
          valid: 2,
          invalid: 0,
          skipped: 0,
          problems: [],
        });
      });

      test("[CHK2] a checkpoint is made also when nothing changed, and keeps its JSON state", async () => {
        const client = await stage.client();
        const scene = await stage.scene(client);
        const { session_id } = scene;
        const state = { step: 3, nested: { list: [1, "two", null, true], Ω: {} } };
        await checkpoint(client, scene);
        const checkpoint_id = await checkpoint(client, scene, { state, message: "same files" });
        const result = await client.result("get_checkpoint", { session_id, checkpoint_id });
        expect(result["checkpoint"]).toMatchObject({
          state,
          message: "same files",
          changed_files: 0,
        });
        const list = await client.result("list_checkpoints", { session_id });
        expect(list["total"]).toBe(2);
      });
    });

    // Last: the clients of the tests above do not live through it.
    test("[DUR1] after a restart sessions, checkpoints, tags, annotations and files are still there", async () => {
      const client = await stage.client();
      const scene = await stage.scene(client, "survivor");
      const { session_id } = scene;
      const checkpoint_id = await checkpoint(client, scene, { message: "m", tags: ["release"] });
      await client.result("annotate", {
        session_id,
        checkpoint_id,
        note: "remember me",
        severity: "critical",
      });
      await client.result("update_session", { session_id, labels: { team: "blue" } });
      const read = async (reader: PlainClient) => ({
        session: await reader.result("get_session", { session_id }),
        checkpoint: await reader.result("get_checkpoint", { session_id, checkpoint_id }),
        events: await reader.result("list_events", { session_id }),
      });
      const before = await read(client);
      expect(before.checkpoint["checkpoint"]).toMatchObject({
        tags: ["release"],
        annotations: [{ note: "remember me", severity: "critical" }],
      });

      await stage.restart();
      const again = await stage.client();
      expect(await read(again)).toEqual(before);
      await scene.write("src/main.txt", "changed after the restart\n");
      await again.result("subscribe", { session_id });
      await again.result("restore", { session_id, checkpoint_id });
      await again.event("checkpoint_restored", { checkpoint_id });
      expect(await scene.read("src/main.txt")).toBe("first\n");
    });
  });
}
