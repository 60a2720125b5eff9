// RFC 6455 through the adapter, the guard and the connection, at the level of bytes: P11.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { opcodes } from "../simulation/frame-reader.ts";
import { startTestServer } from "../testing/harness.ts";
import type { TestServer } from "../testing/harness.ts";
import { WireClient, closing, frame } from "./wire.ts";
import type { FrameShape } from "./wire.ts";

let server: TestServer;
let client: WireClient;

beforeAll(async () => {
  server = await startTestServer({ auth: "off" });
});

afterAll(() => server.stop());

// Whatever was done to it, it goes on for the others.
afterEach(async () => {
  client.destroy();
  client = await WireClient.open(server.ws);
  if (!(await ask("after"))) throw new Error("the server is not well");
  client.destroy();
});

const health = (id: string, pad = ""): Buffer =>
  Buffer.from(JSON.stringify({ id, method: "health", params: { pad } }));

/** Whether the connection still answers. */
async function ask(id: string): Promise<boolean> {
  client.send(frame({ payload: health(id) }));
  return (await client.answer(id)).success;
}

async function open(): Promise<void> {
  client = await WireClient.open(server.ws);
}

/** In fragments that begin as text and go on as continuations. */
function fragments(...payloads: (string | Buffer)[]): Buffer[] {
  return payloads.map((payload, at) =>
    frame({
      payload,
      opcode: at === 0 ? opcodes.text : 0,
      fin: at === payloads.length - 1,
    }),
  );
}

describe("messages", () => {
  test.each<[string, FrameShape]>([
    ["a short text", {}],
    ["a mask of zeros", { mask: Buffer.alloc(4) }],
    ["a length of 16 bits where 7 would do", { form: 16 }],
    ["a length of 64 bits where 7 would do", { form: 64 }],
  ])("%s is answered", async (_name, shape) => {
    await open();
    client.send(frame({ payload: health("1"), ...shape }));
    expect((await client.answer("1")).success).toBe(true);
  });

  test.each([125, 126, 127, 65_535, 65_536, 2 * 1024 * 1024])(
    "a text of %d bytes is answered",
    async (length) => {
      await open();
      const pad = "x".repeat(length - health("1").length);
      client.send(frame({ payload: health("1", pad) }));
      expect((await client.answer("1")).success).toBe(true);
    },
  );

  test("byte by byte", async () => {
    await open();
    for (const byte of frame({ payload: health("1") })) client.send(Buffer.from([byte]));
    expect((await client.answer("1")).success).toBe(true);
  });

  test("in the same packet as the handshake", async () => {
    client = await WireClient.open(server.ws, {}, frame({ payload: health("1") }));
    expect((await client.answer("1")).success).toBe(true);
  });

  test("in fragments, empty ones too", async () => {
    await open();
    const bytes = health("1");
    client.send(...fragments("", bytes.subarray(0, 9), "", bytes.subarray(9), ""));
    expect((await client.answer("1")).success).toBe(true);
  });

  test("in a thousand fragments of one byte or none", async () => {
    await open();
    const bytes = [...health("1", "x".repeat(900))].map((byte) => Buffer.from([byte]));
    client.send(...fragments(...bytes));
    expect((await client.answer("1")).success).toBe(true);
  });

  test("control frames between fragments are answered at once", async () => {
    await open();
    const [first, last] = fragments(health("1").subarray(0, 5), health("1").subarray(5));
    client.send(first!, frame({ opcode: opcodes.ping, payload: "now" }));
    await client.until(() => client.pongs().length === 1);
    expect(client.answers).toEqual([]);
    client.send(frame({ opcode: opcodes.pong, payload: "unasked" }), last!);
    expect((await client.answer("1")).success).toBe(true);
  });

  test("a binary message is no JSON, and the connection lives on [ENV3]", async () => {
    await open();
    client.send(frame({ opcode: 2, payload: health("1") }));
    expect((await client.answer("unknown")).error_code).toBe("invalid_json");
    expect(await ask("2")).toBe(true);
  });

  test("an empty message is no JSON, and the connection lives on [ENV3]", async () => {
    await open();
    client.send(frame());
    expect((await client.answer("unknown")).error_code).toBe("invalid_json");
    expect(await ask("2")).toBe(true);
  });
});

describe("limits", () => {
  const twoMiB = 2 * 1024 * 1024;

  test("a message above 2 MiB is answered, and the connection lives on [LIM1]", async () => {
    await open();
    client.send(frame({ payload: health("1", "x".repeat(twoMiB)) }));
    expect((await client.answer("1")).error_code).toBe("payload_too_large");
    expect(await ask("2")).toBe(true);
  });

  test("a frame above 4 MiB is refused by its length alone", async () => {
    await open();
    client.send(frame({ length: BigInt(2 * twoMiB + 1) }));
    expect(await client.closed()).toBe(1009);
  });

  test("fragments that come to more than 4 MiB are refused", async () => {
    await open();
    const part = Buffer.alloc(twoMiB, "x");
    client.send(...fragments(part, part, "x"));
    expect(await client.closed()).toBe(1009);
  });

  test.each([2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])("a length of %d is refused", async (length) => {
    await open();
    client.send(frame({ length, form: 64 }));
    expect(await client.closed()).toBe(1009);
  });
});

describe("what no client may send", () => {
  test.each<[string, FrameShape[]]>([
    ["an unmasked frame", [{ payload: "{}", masked: false }]],
    ["an unmasked ping", [{ opcode: opcodes.ping, masked: false }]],
    ["RSV1", [{ reserved: 4 }]],
    ["RSV2", [{ reserved: 2 }]],
    ["RSV3", [{ reserved: 1 }]],
    ["RSV1 on a ping", [{ opcode: opcodes.ping, reserved: 4 }]],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, FrameShape[]] => [
      `opcode ${opcode}`,
      [{ opcode }],
    ]),
    ["a continuation of nothing", [{ opcode: 0, payload: "{}" }]],
    ["a new message within another", [{ payload: "{", fin: false }, { payload: "{}" }]],
    ["a binary message within a text", [{ payload: "{", fin: false }, { opcode: 2 }]],
    ["a fragmented ping", [{ opcode: opcodes.ping, fin: false }]],
    ["a fragmented close", [{ opcode: opcodes.close, fin: false }]],
    ["a ping of 126 bytes", [{ opcode: opcodes.ping, payload: Buffer.alloc(126) }]],
    ["a pong of 126 bytes", [{ opcode: opcodes.pong, payload: Buffer.alloc(126) }]],
    ["a close of 126 bytes", [{ opcode: opcodes.close, payload: closing(1000, "x".repeat(124)) }]],
    ["a close of one byte", [{ opcode: opcodes.close, payload: "x" }]],
  ])("%s is closed with 1002", async (_name, shapes) => {
    await open();
    client.send(...shapes.map(frame));
    expect(await client.closed()).toBe(1002);
  });
});

describe("UTF-8", () => {
  const bad: [string, number[]][] = [
    ["a byte that starts nothing", [0xff]],
    ["a continuation alone", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a character that is cut off", [0xe2, 0x82]],
  ];

  test.each(bad)("%s is closed with 1007", async (_name, bytes) => {
    await open();
    client.send(frame({ payload: Buffer.from([0x22, ...bytes]) }));
    expect(await client.closed()).toBe(1007);
  });

  test("what is wrong over two fragments is closed with 1007", async () => {
    await open();
    client.send(...fragments(Buffer.from([0x22, 0xe2]), Buffer.from([0x28, 0xa1])));
    expect(await client.closed()).toBe(1007);
  });

  test("a character over four fragments is whole again", async () => {
    await open();
    const text = Buffer.from(JSON.stringify({ id: "🦊", method: "health", params: {} }));
    const at = text.indexOf(0xf0);
    const cuts = [0, at + 1, at + 2, at + 3, text.length];
    const parts = cuts.slice(1).map((end, from) => text.subarray(cuts[from], end));
    client.send(...fragments(...parts));
    expect((await client.answer("🦊")).success).toBe(true);
  });

  test("a close reason is checked too", async () => {
    await open();
    client.send(frame({ opcode: opcodes.close, payload: closing(1000, Buffer.from([0xff])) }));
    expect(await client.closed()).toBe(1007);
  });
});

describe("pings", () => {
  test.each([0, 1, 125])("of %d bytes come back as they were", async (length) => {
    await open();
    const payload = "p".repeat(length);
    client.send(frame({ opcode: opcodes.ping, payload }));
    await client.until(() => client.pongs().length === 1);
    expect(client.pongs()).toEqual([payload]);
    expect(await ask("1")).toBe(true);
  });
});

describe("closing", () => {
  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3999, 4000, 4999])(
    "%d comes back, and TCP ends",
    async (code) => {
      await open();
      client.send(frame({ opcode: opcodes.close, payload: closing(code, "bye") }));
      expect(await client.closed()).toBe(code);
      await client.until(() => client.ended);
    },
  );

  test.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65_535])(
    "%d may not be sent: 1002",
    async (code) => {
      await open();
      client.send(frame({ opcode: opcodes.close, payload: closing(code) }));
      expect(await client.closed()).toBe(1002);
    },
  );

  test("without a code it comes back without one", async () => {
    await open();
    client.send(frame({ opcode: opcodes.close }));
    expect(await client.closed()).toBe(1005);
    await client.until(() => client.ended);
  });

  test("nothing is read after a close", async () => {
    await open();
    const close = frame({ opcode: opcodes.close, payload: closing(1000) });
    client.send(close, frame({ payload: health("late") }));
    await client.until(() => client.ended);
    expect(client.closeCode).toBe(1000);
    expect(client.answers).toEqual([]);
  });

  test("within a fragmented message", async () => {
    await open();
    const close = frame({ opcode: opcodes.close, payload: closing(1001) });
    client.send(frame({ payload: "{", fin: false }), close);
    expect(await client.closed()).toBe(1001);
  });

  test("a FIN without a close frame is taken as one", async () => {
    await open();
    client.socket.end();
    expect(await client.closed()).toBe(1006);
  });

  test("a FIN in the middle of a frame", async () => {
    await open();
    client.socket.end(frame({ payload: health("1") }).subarray(0, 9));
    await client.until(() => client.ended);
    expect(client.answers).toEqual([]);
  });

  test("a reset", async () => {
    await open();
    client.socket.resetAndDestroy();
    expect(await client.closed()).toBe(1006);
  });
});

test("compression is not taken up, and RSV1 stays forbidden", async () => {
  client = await WireClient.open(server.ws, {
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
  });
  expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
  expect(client.head.toLowerCase()).not.toContain("sec-websocket-extensions");
  client.send(frame({ payload: "x", reserved: 4 }));
  expect(await client.closed()).toBe(1002);
});
