import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus, Hint } from "./bus.ts";

export interface OpenedBus {
  bus: Bus;
  /** Resolves when every hint published so far has reached whoever listens. */
  delivered(): Promise<void>;
}

/** What every bus must do, and all that whoever listens may rely on. */
export function busContract(name: string, open: () => Promise<OpenedBus>): void {
  describe(`the bus ${name}`, () => {
    let opened: OpenedBus;
    let bus: Bus;
    let heard: [listener: string, hint: Hint][];
    beforeEach(async () => {
      opened = await open();
      ({ bus } = opened);
      heard = [];
    });
    afterEach(async () => await bus.close());

    const delivered = async (): Promise<void> => await opened.delivered();
    const hint = (seq: number, session_id = "s"): Hint => ({ session_id, seq });
    const listen = (name: string): (() => void) => bus.listen((one) => heard.push([name, one]));

    test("tells every listener of every session", async () => {
      listen("a");
      listen("b");
      bus.publish(hint(1));
      bus.publish(hint(2, "t"));
      await delivered();
      expect(heard.filter(([name]) => name === "a").map(([, one]) => one)).toEqual([
        hint(1),
        hint(2, "t"),
      ]);
      expect(heard.filter(([name]) => name === "b")).toHaveLength(2);
    });

    test("lets the publisher go on first", async () => {
      listen("a");
      bus.publish(hint(1));
      expect(heard).toEqual([]);
      await delivered();
      expect(heard).toEqual([["a", hint(1)]]);
    });

    test("tells the others when a listener throws, and that one again next time", async () => {
      listen("before");
      bus.listen((one) => {
        heard.push(["bad", one]);
        throw new Error("on purpose");
      });
      listen("after");
      for (const seq of [1, 2]) {
        bus.publish(hint(seq));
        await delivered();
        const names = heard.splice(0).map(([name]) => name);
        expect(names.toSorted()).toEqual(["after", "bad", "before"]);
      }
    });

    test("tells nobody who has left, also in the middle of a hint", async () => {
      const leave: (() => void)[] = [];
      // Whichever of the two is told first takes the other away.
      for (const name of ["a", "b"]) {
        leave.push(
          bus.listen((one) => {
            heard.push([name, one]);
            leave[name === "a" ? 1 : 0]?.();
          }),
        );
      }
      bus.publish(hint(1));
      await delivered();
      expect(heard).toHaveLength(1);
      bus.publish(hint(2));
      await delivered();
      expect(heard.map(([name]) => name)).toEqual([heard[0]?.[0], heard[0]?.[0]]);
    });

    test("ends a listener once, and only that one of two that are the same function", async () => {
      const both = (one: Hint): void => void heard.push(["both", one]);
      const leave = bus.listen(both);
      bus.listen(both);
      leave();
      leave();
      bus.publish(hint(1));
      await delivered();
      expect(heard).toHaveLength(1);
    });

    test("takes hints published by a listener", async () => {
      bus.listen((one) => {
        heard.push(["a", one]);
        if (one.seq < 3) bus.publish(hint(one.seq + 1));
      });
      bus.publish(hint(1));
      await delivered();
      await delivered();
      await delivered();
      expect(heard.map(([, one]) => one.seq)).toEqual([1, 2, 3]);
    });

    test("is silent once closed", async () => {
      listen("a");
      bus.publish(hint(1));
      await bus.close();
      bus.publish(hint(2));
      await delivered();
      expect(heard).toEqual([]);
    });
  });
}
