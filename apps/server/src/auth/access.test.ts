import { expect, test } from "vitest";
import { AccessList } from "./access.ts";

function list(reach: Partial<ConstructorParameters<typeof AccessList>[0]> = {}): AccessList {
  const access = new AccessList({
    host: "127.0.0.1",
    allowedHosts: [],
    publicUrl: null,
    ...reach,
  });
  access.bound(4870);
  return access;
}

const hostRefused = expect.objectContaining({ code: "host_refused" });
const originRefused = expect.objectContaining({ code: "origin_refused" });

test.each(["127.0.0.1:4870", "localhost:4870", "LOCALHOST:4870", "[::1]:4870"])(
  "answers to %s",
  (host) => expect(() => list().checkHost(host)).not.toThrow(),
);

test.each([
  null,
  "",
  "127.0.0.1",
  "127.0.0.1:4871",
  "127.0.0.2:4870",
  "evil.example:4870",
  "localhost.evil.example:4870",
  "127.0.0.1:4870.evil.example",
  "127.0.0.1:4870 ",
  "0.0.0.0:4870",
])("does not answer to %j", (host) => {
  expect(() => list().checkHost(host)).toThrow(hostRefused);
});

test("a server on every address still answers only to names it was given", () => {
  const access = list({ host: "0.0.0.0", allowedHosts: ["box.lan"] });
  expect(() => access.checkHost("0.0.0.0:4870")).toThrow(hostRefused);
  expect(() => access.checkHost("box.lan:4870")).not.toThrow();
  expect(() => access.checkHost("box.lan")).not.toThrow();
  expect(() => access.checkHost("other.lan:4870")).toThrow(hostRefused);
});

test("the public URL is a host and an origin", () => {
  const access = list({ publicUrl: "https://cairn.example.org" });
  expect(() => access.checkHost("cairn.example.org")).not.toThrow();
  const origin = "https://cairn.example.org";
  expect(() => access.checkOrigin({ origin, fetchSite: "same-origin" })).not.toThrow();
  const plain = "http://cairn.example.org";
  expect(() => access.checkOrigin({ origin: plain, fetchSite: null })).toThrow(originRefused);
});

test("no origin is fine: scripts send none", () => {
  expect(() => list().checkOrigin({ origin: null, fetchSite: null })).not.toThrow();
  expect(() => list().checkOrigin({ origin: null, fetchSite: "none" })).not.toThrow();
});

test.each(["null", "", "http://127.0.0.1", "http://127.0.0.1:4871", "https://127.0.0.1:4870"])(
  "refuses the origin %j",
  (origin) => {
    expect(() => list().checkOrigin({ origin, fetchSite: null })).toThrow(originRefused);
  },
);

test.each(["cross-site", "same-site"])("refuses Sec-Fetch-Site: %s", (fetchSite) => {
  expect(() => list().checkOrigin({ origin: null, fetchSite })).toThrow(originRefused);
  const origin = "http://127.0.0.1:4870";
  expect(() => list().checkOrigin({ origin, fetchSite })).toThrow(originRefused);
});
