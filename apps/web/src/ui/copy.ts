import { toast } from "./toast.ts";

/** Copies text and says so; where the page may not (plain HTTP elsewhere), shows it to copy by hand. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast(`${what} could not be copied by itself`, { description: text, duration: 30_000 });
  }
}
