import { Monitor, Moon, Sun } from "lucide-react";
import { IconButton } from "./Button.tsx";
import { nextTheme, setTheme, useTheme } from "./theme.ts";

const icons = { system: Monitor, light: Sun, dark: Moon };
const names = { system: "as the system", light: "light", dark: "dark" };

/** Goes through system, light and dark. */
export function ThemeToggle() {
  const theme = useTheme((state) => state.theme);
  const Icon = icons[theme];
  return (
    <IconButton
      label={`Theme: ${names[theme]}. Change to ${names[nextTheme(theme)]}`}
      onClick={() => setTheme(nextTheme(theme))}
    >
      <Icon size={16} aria-hidden="true" />
    </IconButton>
  );
}
