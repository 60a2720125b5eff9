import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

const storageKey = "cairn.theme";
const order: readonly Theme[] = ["system", "light", "dark"];

function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(storageKey);
    return order.find((theme) => theme === kept) ?? "system";
  } catch {
    return "system";
  }
}

function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: readTheme() }));

/** Puts the kept theme on the page: before anything is drawn. */
export function startTheme(): void {
  show(useTheme.getState().theme);
}

/** The one after this: system, light, dark, and round again. */
export function nextTheme(theme: Theme): Theme {
  return order[(order.indexOf(theme) + 1) % order.length] ?? "system";
}

/** Shows a theme and keeps it for the next visit. */
export function setTheme(theme: Theme): void {
  useTheme.setState({ theme });
  show(theme);
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // Storage may be blocked: then it lasts for this visit.
  }
}
