import { defaultSettings, mergeSettings, SettingsParam } from "@cairn/shared/session";
import { expect, test } from "vitest";
import { changeOf, formOf, keepsNothing, problemsOf, rulesOf } from "./settings-form.ts";

const before = formOf({ name: "A", settings: defaultSettings });

test("a form that was not touched changes nothing", () => {
  expect(problemsOf(before)).toEqual({});
  expect(changeOf(before, before)).toEqual({});
});

test("only what was changed is sent, so that another one's change to the rest is kept", () => {
  const form = { ...before, everyOn: true, every_minutes: "30", store_bytes: "5 GB" };
  expect(changeOf(before, form)).toEqual({
    settings: { auto: { every_minutes: 30 }, limits: { store_bytes: 5_000_000_000 } },
  });
  expect(changeOf(before, { ...before, name: "B" })).toEqual({ name: "B" });
});

test("what is saved comes back into the form as it was typed", () => {
  const form = {
    ...before,
    ignore: "*.log\n*.tmp",
    everyOn: true,
    every_minutes: "5",
    retentionOn: true,
    every_hours: "12",
    keep_recent: "3",
    keep_hourly: "",
    keep_within: "36",
    withinUnit: "hours" as const,
    keep_tags: false,
    bytes: "1.5 GB",
  };
  const { settings = {} } = changeOf(before, form);
  expect(SettingsParam.safeParse(settings).success).toBe(true);
  const saved = mergeSettings(defaultSettings, settings);
  expect(saved.retention).toEqual({
    keep_recent: 3,
    keep_daily: 14,
    keep_weekly: 8,
    keep_within: 129_600,
    keep_tags: false,
    every_hours: 12,
  });
  expect(formOf({ name: "A", settings: saved })).toEqual(form);
});

test("each mistake is said at its field, and only where it counts", () => {
  const form = {
    ...before,
    name: " ",
    everyOn: true,
    every_minutes: "0",
    quietOn: true,
    quiet_seconds: "1.5",
    keep_daily: "-1",
    keep_within: "soon",
    every_hours: "1000",
    files: "",
    file_bytes: "big",
  };
  expect(Object.keys(problemsOf(form)).toSorted()).toEqual([
    "every_minutes",
    "file_bytes",
    "files",
    "keep_daily",
    "keep_within",
    "name",
    "quiet_seconds",
  ]);
  expect(problemsOf({ ...form, retentionOn: true }).every_hours).toBe("At most 720");
  expect(problemsOf({ ...before, every_minutes: "0" })).toEqual({});
  expect(rulesOf(form)).toBeNull();
});

test("rules that name nothing are seen before the server refuses them", () => {
  const none = { keep_recent: "0", keep_hourly: "", keep_daily: "", keep_weekly: "" };
  expect(keepsNothing(rulesOf({ ...before, ...none }) ?? {})).toBe(true);
  expect(keepsNothing(rulesOf({ ...before, ...none, keep_within: "1" }) ?? {})).toBe(false);
  expect(keepsNothing(rulesOf(before) ?? {})).toBe(false);
});
