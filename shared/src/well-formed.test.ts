import { expect, test } from "vitest";
import { methods } from "./methods.ts";

test("half surrogate pairs are replaced where text comes in, so that it is kept as it was signed", () => {
  const params = methods.checkpoint.params.parse({
    session_id: "0b4f5a52-8f6a-4e3d-9b57-0b1f6b9d2c11",
    message: "a\ud800b",
    tags: ["\udfff"],
    author: "x\ud83d",
  });
  expect(params).toMatchObject({ message: "a\ufffdb", tags: ["\ufffd"], author: "x\ufffd" });
  expect(methods.create_session.params.parse({ name: "\ud800 ok 😀" }).name).toBe("\ufffd ok 😀");
});
