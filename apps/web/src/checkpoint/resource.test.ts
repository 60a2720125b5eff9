import { describe, expect, test } from "vitest";
import { Resource } from "./resource.ts";

/** Answers that come when the test says so, in the order it says. */
function answers<T>() {
  const open: PromiseWithResolvers<T>[] = [];
  const ask = async (): Promise<T> => {
    const next = Promise.withResolvers<T>();
    open.push(next);
    return next.promise;
  };
  return { open, ask };
}

async function settled(): Promise<void> {
  await new Promise<void>((done) => {
    setTimeout(done);
  });
}

describe("a resource", () => {
  test("drops an answer that a later question has overtaken", async () => {
    const { open, ask } = answers<string>();
    const resource = new Resource(ask);
    resource.load();
    resource.load();
    open[1]!.resolve("new");
    open[0]!.resolve("old");
    await settled();
    expect(resource.store.getState()).toEqual({ value: "new", error: null, loading: false });
  });

  test("keeps what it has when the next question fails, and retries that one", async () => {
    const { open, ask } = answers<number[]>();
    const resource = new Resource(ask);
    resource.load();
    open[0]!.resolve([1]);
    await settled();
    const more = async (before: number[] | null): Promise<number[]> => [
      ...(before ?? []),
      ...(await ask()),
    ];
    resource.run(more);
    open[1]!.reject(new Error("offline"));
    await settled();
    expect(resource.store.getState()).toMatchObject({ value: [1], loading: false });
    expect(resource.store.getState().error).toBeInstanceOf(Error);
    resource.retry();
    open[2]!.resolve([2]);
    await settled();
    expect(resource.store.getState()).toEqual({ value: [1, 2], error: null, loading: false });
  });

  test("says nothing more once it is stopped", async () => {
    const { open, ask } = answers<string>();
    const resource = new Resource(ask);
    resource.load();
    resource.stop();
    open[0]!.resolve("late");
    await settled();
    expect(resource.store.getState().value).toBeNull();
  });
});
