// What stands where on the page, by role and name.
import type { Locator, Page } from "@playwright/test";

export function grid(page: Page): Locator {
  return page.getByRole("grid", { name: "Checkpoints, newest first" });
}

/** All rows that are drawn. */
export function rows(page: Page): Locator {
  return grid(page).getByRole("row");
}

/** The row of the checkpoint with this message. */
export function row(page: Page, message: string | RegExp): Locator {
  return rows(page).filter({ has: page.getByText(message, { exact: true }) });
}

/** Shows the details of a checkpoint. */
export async function openDetails(page: Page, message: string): Promise<Locator> {
  await row(page, message).click();
  const details = inspector(page);
  await details.getByRole("heading", { level: 2, name: message, exact: true }).waitFor();
  return details;
}

/** The row that says "you are here". */
export function headRow(page: Page): Locator {
  return rows(page).filter({ hasText: "you are here" });
}

export function inspector(page: Page): Locator {
  return page.getByRole("region", { name: "Checkpoint", exact: true });
}

/** A dialog by its title. */
export function dialogOf(page: Page, name: string | RegExp): Locator {
  return page.getByRole("dialog", { name });
}

/** The connection's state in the top bar. */
export function connection(page: Page, word: string): Locator {
  return page.getByRole("banner").getByRole("status").filter({ hasText: word });
}

/** A notice at the screen's edge. */
export function notice(page: Page, text: string | RegExp): Locator {
  return page
    .getByRole("region", { name: /^Notifications/ })
    .getByRole("listitem")
    .filter({ hasText: text });
}

/** Reads the whole raw feed, newest first, each as `seq event_type`; it draws only what is in view. */
export async function readFeed(page: Page): Promise<string[]> {
  const toggle = page.getByRole("button", { name: "Events", exact: true });
  if ((await toggle.getAttribute("aria-expanded")) === "false") await toggle.click();
  return await page.getByRole("log", { name: "Events, newest first" }).evaluate(async (log) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    // By place, so that an event that is shown twice counts twice.
    const found = new Map<number, string>();
    for (let top = 0; top <= log.scrollHeight; top += log.clientHeight) {
      log.scrollTop = top;
      await frame();
      await frame();
      const start = log.getBoundingClientRect().top - log.scrollTop;
      for (const item of log.querySelectorAll("li")) {
        const [seq, , type] = [...item.children].map((cell) => cell.textContent);
        const place = Math.round(item.getBoundingClientRect().top - start);
        found.set(place, type === undefined ? item.textContent : `${seq} ${type}`);
      }
    }
    log.scrollTop = 0;
    return [...found.entries()].toSorted(([a], [b]) => a - b).map(([, line]) => line);
  });
}
