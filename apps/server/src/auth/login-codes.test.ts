import { expect, test } from "vitest";
import { Attempts } from "./attempts.ts";
import { loginCodeMs, LoginCodes } from "./login-codes.ts";

test("a code is good once", () => {
  const codes = new LoginCodes(() => 0);
  const code = codes.issue();
  expect(Buffer.from(code, "base64url")).toHaveLength(16);
  expect(codes.redeem(`${code}x`)).toBe(false);
  expect(codes.redeem(code)).toBe(true);
  expect(codes.redeem(code)).toBe(false);
});

test("a code is good for five minutes", () => {
  let now = 0;
  const codes = new LoginCodes(() => now);
  const [first, second] = [codes.issue(), codes.issue()];
  now = loginCodeMs - 1;
  expect(codes.redeem(first)).toBe(true);
  now = loginCodeMs;
  expect(codes.redeem(second)).toBe(false);
});

test("codes that nobody uses do not pile up: the oldest goes", () => {
  const codes = new LoginCodes(() => 0);
  const first = codes.issue();
  const rest = Array.from({ length: 100 }, () => codes.issue());
  expect(codes.redeem(first)).toBe(false);
  expect(rest.every((code) => codes.redeem(code))).toBe(true);
});

test("failed attempts are bounded within a window that slides", () => {
  let now = 0;
  const attempts = new Attempts({ limit: 2, windowMs: 1000, now: () => now });
  attempts.failed();
  now = 600;
  attempts.failed();
  expect(() => attempts.check()).toThrow(
    expect.objectContaining({ code: "rate_limited", details: { retry_after_ms: 400 } }),
  );
  now = 1001;
  expect(() => attempts.check()).not.toThrow();
});
