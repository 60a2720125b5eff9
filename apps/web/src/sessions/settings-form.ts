import type { Params } from "@cairn/shared/methods";
import type { Retention, Session, Settings } from "@cairn/shared/session";
import { readBytes, writeBytes } from "./byte-text.ts";
import { readPatterns } from "./patterns.ts";

/** The settings as they stand in the fields of the dialog. */
export interface SettingsForm {
  name: string;
  ignore: string;
  include: string;
  everyOn: boolean;
  every_minutes: string;
  quietOn: boolean;
  quiet_seconds: string;
  keep_recent: string;
  keep_hourly: string;
  keep_daily: string;
  keep_weekly: string;
  keep_within: string;
  withinUnit: "hours" | "days";
  keep_tags: boolean;
  retentionOn: boolean;
  every_hours: string;
  files: string;
  bytes: string;
  file_bytes: string;
  store_bytes: string;
}

export type FieldName = keyof SettingsForm;
export type Problems = Partial<Record<FieldName, string>>;

/** What is proposed where nothing is set yet. */
const proposed = { minutes: 15, seconds: 60, hours: 24 };
const proposedRules: Omit<Retention, "every_hours"> = {
  keep_recent: 20,
  keep_hourly: 24,
  keep_daily: 14,
  keep_weekly: 8,
  keep_tags: true,
};

function text(value: number | undefined): string {
  return value === undefined || value === 0 ? "" : String(value);
}

function withinOf(seconds: number | undefined): Pick<SettingsForm, "keep_within" | "withinUnit"> {
  if (seconds === undefined || seconds === 0) return { keep_within: "", withinUnit: "days" };
  if (seconds % 86_400 === 0) return { keep_within: String(seconds / 86_400), withinUnit: "days" };
  // A tenth of an hour is as fine as anyone set it here.
  return { keep_within: String(Math.round(seconds / 360) / 10), withinUnit: "hours" };
}

export function formOf({ name, settings }: Pick<Session, "name" | "settings">): SettingsForm {
  const { auto, ignore, include, limits, retention } = settings;
  const rules = retention ?? proposedRules;
  return {
    name,
    ignore: ignore.join("\n"),
    include: include.join("\n"),
    everyOn: auto.every_minutes !== undefined,
    every_minutes: String(auto.every_minutes ?? proposed.minutes),
    quietOn: auto.quiet_seconds !== undefined,
    quiet_seconds: String(auto.quiet_seconds ?? proposed.seconds),
    keep_recent: text(rules.keep_recent),
    keep_hourly: text(rules.keep_hourly),
    keep_daily: text(rules.keep_daily),
    keep_weekly: text(rules.keep_weekly),
    ...withinOf(rules.keep_within),
    keep_tags: rules.keep_tags ?? true,
    retentionOn: retention !== null,
    every_hours: String(retention?.every_hours ?? proposed.hours),
    files: String(limits.files),
    bytes: writeBytes(limits.bytes),
    file_bytes: writeBytes(limits.file_bytes),
    store_bytes: limits.store_bytes === null ? "" : writeBytes(limits.store_bytes),
  };
}

function whole(typed: string, least: number, most: number): number | string {
  const value = Number(typed.trim());
  if (typed.trim() === "" || !Number.isInteger(value)) return "A whole number, please";
  if (value < least) return `At least ${least}`;
  return value > most ? `At most ${most}` : value;
}

function wholeOrNone(typed: string): number | string | undefined {
  return typed.trim() === "" ? undefined : whole(typed, 0, 1_000_000);
}

function within(form: SettingsForm): number | string | undefined {
  if (form.keep_within.trim() === "") return undefined;
  const value = Number(form.keep_within.trim());
  if (!Number.isFinite(value) || value < 0) return "A number, please";
  return Math.round(value * (form.withinUnit === "days" ? 86_400 : 3600));
}

function bytesOf(typed: string): number | string {
  return readBytes(typed) ?? "A size such as 500 MB or 20 GB";
}

const counted = ["keep_recent", "keep_hourly", "keep_daily", "keep_weekly"] as const;

/** What is wrong with what was typed, by field. */
export function problemsOf(form: SettingsForm): Problems {
  const problems: Problems = {};
  const take = (field: FieldName, value: number | string | undefined): void => {
    if (typeof value === "string") problems[field] = value;
  };
  if (form.name.trim() === "") problems.name = "A session needs a name";
  if (form.everyOn) take("every_minutes", whole(form.every_minutes, 1, 10_080));
  if (form.quietOn) take("quiet_seconds", whole(form.quiet_seconds, 1, 86_400));
  for (const field of counted) take(field, wholeOrNone(form[field]));
  take("keep_within", within(form));
  if (form.retentionOn) take("every_hours", whole(form.every_hours, 1, 720));
  take("files", whole(form.files, 1, 1_000_000_000));
  take("bytes", bytesOf(form.bytes));
  take("file_bytes", bytesOf(form.file_bytes));
  if (form.store_bytes.trim() !== "") take("store_bytes", bytesOf(form.store_bytes));
  return problems;
}

export type KeepRules = Omit<Retention, "every_hours">;

/** The rules as `compact` takes them; null when what was typed cannot be read. */
export function rulesOf(form: SettingsForm): KeepRules | null {
  const rules: KeepRules = { keep_tags: form.keep_tags };
  for (const field of counted) {
    const value = wholeOrNone(form[field]);
    if (typeof value === "string") return null;
    if (value !== undefined && value > 0) rules[field] = value;
  }
  const seconds = within(form);
  if (typeof seconds === "string") return null;
  if (seconds !== undefined && seconds > 0) rules.keep_within = seconds;
  return rules;
}

/** Whether no rule names anything to keep, which is refused. */
export function keepsNothing(rules: KeepRules): boolean {
  return Object.keys(rules).every((key) => key === "keep_tags");
}

function settingsOf(form: SettingsForm): Settings {
  const size = (typed: string): number => readBytes(typed) ?? 0;
  return {
    auto: {
      ...(form.everyOn ? { every_minutes: Number(form.every_minutes) } : {}),
      ...(form.quietOn ? { quiet_seconds: Number(form.quiet_seconds) } : {}),
    },
    ignore: readPatterns(form.ignore),
    include: readPatterns(form.include),
    limits: {
      files: Number(form.files),
      bytes: size(form.bytes),
      file_bytes: size(form.file_bytes),
      store_bytes: form.store_bytes.trim() === "" ? null : size(form.store_bytes),
    },
    retention: form.retentionOn
      ? { ...rulesOf(form), every_hours: Number(form.every_hours) }
      : null,
  };
}

/** Only what was changed here, so that another one's change to the rest is kept. */
export function changeOf(
  before: SettingsForm,
  form: SettingsForm,
): Omit<Params<"update_session">, "session_id"> {
  const was = settingsOf(before);
  const now = settingsOf(form);
  const changed = (key: "auto" | "ignore" | "include" | "retention"): boolean =>
    JSON.stringify(was[key]) !== JSON.stringify(now[key]);
  const limits = Object.fromEntries(
    Object.entries(now.limits).filter(
      ([key, value]) => value !== was.limits[key as keyof Settings["limits"]],
    ),
  );
  const settings = {
    ...(changed("auto") ? { auto: now.auto } : {}),
    ...(changed("ignore") ? { ignore: now.ignore } : {}),
    ...(changed("include") ? { include: now.include } : {}),
    ...(changed("retention") ? { retention: now.retention } : {}),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
  return {
    ...(form.name === before.name ? {} : { name: form.name }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
}
