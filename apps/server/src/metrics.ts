import { monitorEventLoopDelay } from "node:perf_hooks";
import type { StoreFacts } from "@cairn/runner/runner";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { UpkeepCounts } from "./checkpoints/deps.ts";

/** Counters and gauges of one server, in a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  readonly #calls = new Counter({
    name: "cairn_calls_total",
    help: "Calls by method and outcome (ok or the error code)",
    labelNames: ["method", "outcome"] as const,
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: "cairn_call_duration_seconds",
    help: "How long calls took",
    labelNames: ["method"] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [this.#registry],
  });
  readonly #delivered = new Counter({
    name: "cairn_events_delivered_total",
    help: "Events handed to sockets",
    registers: [this.#registry],
  });
  readonly #dropped = new Counter({
    name: "cairn_sockets_closed_total",
    help: "Sockets that the server closed, by close code",
    labelNames: ["code"] as const,
    registers: [this.#registry],
  });

  readonly #repeated = new Counter({
    name: "cairn_idempotent_hits_total",
    help: "Calls answered from what an earlier call under their idempotency key was answered",
    registers: [this.#registry],
  });
  readonly #trimmed = new Counter({
    name: "cairn_log_trimmed_events_total",
    help: "Events dropped from logs that were beyond their bound",
    registers: [this.#registry],
  });
  readonly #captures = new Counter({
    name: "cairn_auto_captures_total",
    help: "Captures for automatic checkpoints by what was due and outcome (made, unchanged or the error code)",
    labelNames: ["reason", "outcome"] as const,
    registers: [this.#registry],
  });
  readonly #limited = new Counter({
    name: "cairn_rate_limited_total",
    help: "Calls refused because their actor had made too many within a second",
    registers: [this.#registry],
  });

  constructor() {
    this.#delay.enable();
    this.gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
    this.gauge("process_uptime_seconds", "Time since the process started", () => process.uptime());
    const seconds = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0;
    this.gauge("cairn_event_loop_delay_p99_seconds", "Event loop delay", () =>
      seconds(this.#delay.percentile(99)),
    );
    this.gauge("cairn_event_loop_delay_max_seconds", "Event loop delay", () =>
      seconds(this.#delay.max),
    );
  }

  /** A gauge that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.#registry];
    const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
  }

  /** As `gauge`, one for each value of a label. */
  gaugeBy(name: string, help: string, label: string, read: () => Record<string, number>): void {
    const registers = [this.#registry];
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect: () => {
        for (const [value, number] of Object.entries(read())) gauge.set({ [label]: value }, number);
      },
    });
  }

  /** Gauges of the snapshot store, read when somebody asks; and what is done to it, to be told. */
  upkeep(facts: () => Promise<StoreFacts>): UpkeepCounts {
    let asked: Promise<StoreFacts> | undefined;
    // All gauges of one answer are of one look at it.
    const once = (): Promise<StoreFacts> => {
      asked ??= facts().finally(() => setImmediate(() => (asked = undefined)));
      return asked;
    };
    const gauge = (name: string, help: string, read: (facts: StoreFacts) => number): void => {
      const registers = [this.#registry];
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers,
        // While the store is closed there is nothing to say.
        collect: async () => gauge.set(await once().then(read, () => 0)),
      });
    };
    gauge("cairn_store_bytes", "Bytes of the packs on disk", (f) => f.stored_bytes);
    gauge("cairn_store_raw_bytes", "Bytes of the distinct contents", (f) => f.raw_bytes);
    gauge("cairn_store_dead_bytes", "Bytes that nothing names", (f) => f.dead_bytes);
    gauge("cairn_store_objects", "Objects in the store", (f) => f.objects);
    gauge(
      "cairn_store_limit_bytes",
      "What it may hold, 0 without a limit",
      (f) => f.limit_bytes ?? 0,
    );
    const counter = (name: string, help: string): ((by: number) => void) => {
      const counter = new Counter({ name, help, registers: [this.#registry] });
      return (by) => counter.inc(by);
    };
    return {
      collected: counter("cairn_collected_bytes_total", "Bytes that collections gave back"),
      compacted: counter("cairn_compacted_total", "Checkpoints that policies put into the trash"),
      purged: counter(
        "cairn_purged_total",
        "Checkpoints and sessions that left the trash for good",
      ),
    };
  }

  /** What happens to subscriptions, to be told of it. */
  subscriptions() {
    const counter = (name: string, help: string): ((by?: number) => void) => {
      const counter = new Counter({ name, help, registers: [this.#registry] });
      return (by = 1) => counter.inc(by);
    };
    return {
      redelivered: counter("cairn_events_redelivered_total", "Events sent again under ack"),
      batched: counter("cairn_batches_total", "Frames with several events, under batch"),
      lagged: counter("cairn_lagged_total", "Times a live subscription fell behind"),
      stalled: counter("cairn_slow_closes_total", "Connections closed since they took nothing"),
      behind: counter("cairn_behind_log_total", "Subscriptions that fell behind what logs keep"),
      taken: counter("cairn_consumers_taken_total", "Consumer names taken over by another"),
    };
  }

  called(method: string, outcome: string, seconds: number): void {
    this.#calls.inc({ method, outcome });
    this.#durations.observe({ method }, seconds);
  }

  delivered(events: number): void {
    this.#delivered.inc(events);
  }

  closed(code: number): void {
    this.#dropped.inc({ code: String(code) });
  }

  /** A call under an idempotency key was answered with what an earlier one was answered. */
  repeated(): void {
    this.#repeated.inc();
  }

  trimmed(events: number): void {
    this.#trimmed.inc(events);
  }

  /** A capture for an automatic checkpoint ended: `made`, `unchanged`, or with an error's code. */
  captured(reason: string, outcome: string): void {
    this.#captures.inc({ reason, outcome });
  }

  /** A call was refused because its actor had made too many. */
  limited(): void {
    this.#limited.inc();
  }

  /** The Prometheus text format, and its content type. */
  async text(): Promise<{ body: string; type: string }> {
    return { body: await this.#registry.metrics(), type: this.#registry.contentType };
  }

  /** By name and labels, as the method `metrics` answers; of histograms the count and the sum. */
  async numbers(): Promise<{ counters: Record<string, number>; gauges: Record<string, number> }> {
    const counters: Record<string, number> = {};
    const gauges: Record<string, number> = {};
    for (const metric of await this.#registry.getMetricsAsJSON()) {
      const into = String(metric.type) === "gauge" ? gauges : counters;
      for (const value of metric.values) {
        const { metricName } = value as { metricName?: string };
        if (metricName?.endsWith("_bucket") === true) continue;
        const labels = Object.entries(value.labels).map(([key, text]) => `${key}="${text}"`);
        const suffix = labels.length === 0 ? "" : `{${labels.join(",")}}`;
        into[`${metricName ?? metric.name}${suffix}`] = value.value;
      }
    }
    return { counters, gauges };
  }

  close(): void {
    this.#delay.disable();
    this.#registry.clear();
  }
}
