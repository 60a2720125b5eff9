import { createStore } from "zustand/vanilla";
import { toFailure } from "./error.ts";

export interface ToastAction {
  label: string;
  keys?: string;
  run: () => void;
}

export interface Toast {
  id: number;
  title: string;
  description?: string | undefined;
  tone: "plain" | "bad";
  action?: ToastAction | undefined;
  /** Milliseconds; with an action it should leave time to read and reach it. */
  duration: number;
}

export const toasts = createStore<{ toasts: readonly Toast[]; lastId: number }>(() => ({
  toasts: [],
  lastId: 0,
}));

/** Says at the screen's edge what just happened, with at most one way back. Its id dismisses it. */
export function toast(
  title: string,
  options: {
    description?: string;
    action?: ToastAction;
    tone?: Toast["tone"];
    duration?: number;
  } = {},
): number {
  const { description, action, tone = "plain" } = options;
  const duration = options.duration ?? (action === undefined && tone === "plain" ? 4000 : 12_000);
  toasts.setState(({ toasts: shown, lastId }) => {
    const next = { id: lastId + 1, title, description, tone, action, duration };
    return { toasts: [...shown.slice(-2), next], lastId: next.id };
  });
  return toasts.getState().lastId;
}

/** For an action without a place of its own on the screen, such as a key: what failed, and why. */
export function toastError(title: string, error: unknown, retry?: () => void): void {
  const { message, code, reference } = toFailure(error);
  toast(title, {
    tone: "bad",
    description: `${message} (${code}${reference === null ? "" : `, reference ${reference}`})`,
    ...(retry === undefined ? {} : { action: { label: "Retry", run: retry } }),
  });
}

/** Takes one off the screen. */
export function dismissToast(id: number): void {
  toasts.setState(({ toasts: shown }) => ({ toasts: shown.filter((each) => each.id !== id) }));
}
