// The simulation finds what it is there to find: each fault, planted into the server, turns it red.
import { expect, test } from "vitest";
import { plants } from "./faults.ts";
import type { FaultName } from "./faults.ts";
import { OwnClient } from "./own-client.ts";
import { simulate } from "./simulation.ts";

const seeds = [1, 2, 3, 4];

const found: Record<FaultName, RegExp> = {
  skip: /next is|lacks|has not come/,
  double: /double|again|next is/,
  reorder: /next is|double|before/,
  lateSubscribe: /next is|lacks|has prev/,
  unbounded: /are held for a client that does not read/,
};

test.each(Object.keys(plants) as FaultName[])(
  "%s is found",
  async (fault) => {
    const broken: string[] = [];
    for (const seed of seeds) {
      const outcome = await simulate({ seed, disconnects: 60, fault });
      if (outcome.broken !== null) broken.push(outcome.broken);
    }
    // Some runs may be lucky, not most of them.
    expect(broken.length).toBeGreaterThanOrEqual(seeds.length / 2);
    for (const what of broken) expect(what).toMatch(found[fault]);
  },
  60_000,
);

test("the shared client gets over doubles, which only base clients see [POS1]", async () => {
  const kinds = [OwnClient, OwnClient, OwnClient];
  for (const seed of seeds) {
    const { broken } = await simulate({ seed, disconnects: 30, kinds, fault: "double" });
    expect(broken).toBeNull();
  }
}, 60_000);

test("the same seed does the same again", async () => {
  const first = await simulate({ seed: 7, disconnects: 40 });
  const second = await simulate({ seed: 7, disconnects: 40 });
  expect(second).toEqual(first);
}, 60_000);
