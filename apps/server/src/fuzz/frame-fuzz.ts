// Frames of any shape: each connection ends in answers, or in a close with a code that says why.
import { opcodes } from "../simulation/frame-reader.ts";
import { Random } from "../simulation/random.ts";
import { counted } from "./json-fuzz.ts";
import type { Findings, Target } from "./json-fuzz.ts";
import { WireClient, closing, frame } from "./wire.ts";
import type { FrameShape } from "./wire.ts";

/** Protocol error, bad UTF-8, too big; or what the client itself has said, or nothing at all. */
const allowed = new Set([1002, 1007, 1009]);

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function anyPayload(random: Random): Buffer | string {
  return random.weighted<() => Buffer | string>([
    [5, () => '{"id":"1","method":"health"}'],
    [4, () => '{"id":"2","method":"nothing"}'],
    [0.2, () => bytes(random, random.pick([0, 1, 2, 10, 125]))],
    [1, () => closing(random.pick([1000, 1001, 4000, 999, 1005, 65_535]), "bye")],
    [0.3, () => Buffer.alloc(random.pick([65_535, 65_536, 200_000]), "x")],
  ])();
}

/** Mostly what may come next: `open` is whether a message in fragments is at work. */
function anyShape(random: Random, open: boolean): FrameShape {
  const expected = open ? 0 : opcodes.text;
  return {
    opcode: random.weighted([
      [20, expected],
      [4, opcodes.ping],
      [2, opcodes.pong],
      [1, open ? expected : 2],
      [0.2, opcodes.close],
      [0.2, random.below(16)],
    ]),
    fin: random.chance(0.9),
    reserved: random.chance(0.99) ? 0 : random.below(8),
    payload: anyPayload(random),
    masked: random.chance(0.99),
    ...(random.chance(0.01) ? { form: random.pick([7, 16, 64] as const) } : {}),
    ...(random.chance(0.01) ? { length: BigInt(random.below(2 ** 31)) * 7n } : {}),
  };
}

/** One frame as it would go out, now and then cut or with a byte turned. */
function anyBytes(random: Random, shape: FrameShape): Buffer {
  const whole = frame(shape);
  if (random.chance(0.01)) return whole.subarray(0, random.below(whole.length));
  if (random.chance(0.01)) whole.writeUInt8(random.below(256), random.below(whole.length));
  if (random.chance(0.01)) return bytes(random, random.between(1, 50));
  return whole;
}

export async function fuzzFrames(
  target: Target,
  seed: number,
  messages: number,
): Promise<Findings> {
  const random = new Random(seed);
  const findings: Findings = { sent: 0, outcomes: {}, wrong: [] };
  while (findings.sent < messages && findings.wrong.length < 10) {
    const client = await WireClient.open(target.ws);
    const sent: Buffer[] = [];
    let open = false;
    while (sent.length < 40 && client.closeCode === null) {
      const shape = anyShape(random, open);
      const next = anyBytes(random, shape);
      if ((shape.opcode ?? 1) < 3) open = shape.fin === false;
      sent.push(next);
      client.send(next);
      findings.sent += 1;
      // Now and then what has been sent so far is looked at before more follows.
      if (random.chance(0.1)) await looked(client);
    }
    await looked(client);
    const ending = random.pick(["fin", "reset", "close"]);
    if (ending === "close") client.send(frame({ opcode: opcodes.close, payload: closing(1000) }));
    if (ending === "reset") client.socket.resetAndDestroy();
    else client.socket.end();
    await client.until(() => client.ended, 15_000);
    if (!client.ended) {
      findings.wrong.push(
        `never ended after ${sent.map((one) => one.toString("hex").slice(0, 200)).join(" ")}`,
      );
    }
    judge(client, sent, findings);
  }
  return findings;
}

/** Resolves once the server has come as far as this, unless what it was sent goes on and on. */
async function looked(client: WireClient): Promise<void> {
  const pongs = client.pongs().length;
  client.send(frame({ opcode: opcodes.ping, payload: "looked" }));
  await client.until(() => client.pongs().length > pongs || client.closeCode !== null, 100);
}

function judge(client: WireClient, sent: Buffer[], findings: Findings): void {
  const code = client.closeCode ?? 1006;
  counted(findings.outcomes, `closed ${code}`);
  const echoed = [1000, 1001, 4000, 1005, 1006].includes(code);
  if (!allowed.has(code) && !echoed) {
    const hex = sent.map((one) => one.toString("hex").slice(0, 200)).join(" ");
    findings.wrong.push(`closed with ${code} after ${hex}`);
  }
  for (const { success, error_code = "" } of client.answers) {
    counted(findings.outcomes, success ? "success" : error_code);
    if (error_code === "internal") findings.wrong.push("answered with internal");
  }
}
