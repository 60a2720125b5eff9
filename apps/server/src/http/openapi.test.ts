import { methodNames, methods } from "@cairn/shared/methods";
import { expect, test } from "vitest";
import { openApi } from "./openapi.ts";

const document = openApi("1.2.3") as {
  paths: Record<string, object>;
  components: { schemas: object; responses: object };
};

test("every method that HTTP serves is described, and no other", () => {
  const described = Object.keys(document.paths).filter((path) => /^\/api\/[a-z_]+$/.test(path));
  const served = methodNames.filter((name) => methods[name].kind !== "connection");
  expect(described.toSorted()).toEqual(
    [...served.map((name) => `/api/${name}`), "/api/login"].toSorted(),
  );
  expect(document.paths).toHaveProperty("/api/login-code");
});

test("params are described as a caller sends them: defaults may be left out", () => {
  const { post } = document.paths["/api/checkpoint"] as {
    post: { requestBody: { content: { "application/json": { schema: { required: string[] } } } } };
  };
  expect(post.requestBody.content["application/json"].schema.required).toEqual(["session_id"]);
});

test("every reference leads somewhere", () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((found) => found[1] ?? "");
  expect(references.length).toBeGreaterThan(20);
  for (const reference of new Set(references)) {
    const path = reference.replace("#/", "").split("/");
    const target = path.reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      document,
    );
    expect({ reference, target }).not.toEqual({ reference, target: undefined });
  }
});
