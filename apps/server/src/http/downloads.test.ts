import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../testing/harness.ts";
import { ask } from "../testing/http.ts";
import { DownloadTickets } from "./download-tickets.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("[TIC1] a ticket gives one file once, without a token, as a download", async () => {
  const workspace = await server.folder();
  await writeFile(join(workspace, "a.html"), "<script>1</script>");
  await mkdir(join(workspace, "below"));
  const { session_id } = await server.call("create_session", { workspace });
  const { checkpoint_id } = await server.call("checkpoint", { session_id });
  const of = { session_id, checkpoint_id };
  const { url } = await server.call("download_ticket", { ...of, path: "a.html" });
  expect((await ask(server.url, { path: url, method: "HEAD" })).status).toBe(405);
  const answer = await ask(server.url, { path: url });
  expect([answer.status, answer.body.toString()]).toEqual([200, "<script>1</script>"]);
  expect(answer.headers).toMatchObject({
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "content-security-policy": expect.stringMatching(/^sandbox/) as string,
    "cross-origin-resource-policy": "same-origin",
    "content-disposition": expect.stringMatching(/^attachment; filename="a.html"/) as string,
  });
  expect((await ask(server.url, { path: url })).status).toBe(404);
  expect((await ask(server.url, { path: `${url}x` })).status).toBe(404);
  const foreign = await server.call("download_ticket", { ...of, path: "a.html" });
  const headers = { "sec-fetch-site": "cross-site" };
  expect((await ask(server.url, { path: foreign.url, headers })).status).toBe(403);
  await expect(server.call("download_ticket", { ...of, path: "none" })).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(server.call("download_ticket", { ...of, path: "below" })).rejects.toMatchObject({
    code: "invalid_params",
  });
});

test("[TIC1] a ticket is good for a minute, and of very many only the newest are", () => {
  let now = 0;
  const tickets = new DownloadTickets(() => now);
  const ticket = { session_id: "s", checkpoint_id: "c", path: "a", actor: "admin" };
  const [first, second] = [tickets.issue(ticket), tickets.issue(ticket)];
  now = 59_999;
  expect(tickets.redeem(first)).toMatchObject(ticket);
  now = 60_000;
  expect(tickets.redeem(second)).toBeNull();
  const many = Array.from({ length: 1_001 }, () => tickets.issue(ticket));
  expect(tickets.redeem(many[0] ?? "")).toBeNull();
  expect(tickets.redeem(many[1] ?? "")).toMatchObject(ticket);
});
