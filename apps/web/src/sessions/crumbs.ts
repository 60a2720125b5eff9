/** The folders on the way to an absolute path, the root first: each with its name and own path. */
export function crumbs(path: string): { name: string; path: string }[] {
  const windows = /^[A-Za-z]:/.test(path);
  const separator = windows ? "\\" : "/";
  const parts = path.split(/[/\\]/).filter((part) => part !== "");
  const found = windows ? [] : [{ name: "/", path: "/" }];
  for (const [at, name] of parts.entries()) {
    const joined = parts.slice(0, at + 1).join(separator);
    const full = windows ? (at === 0 ? `${joined}\\` : joined) : `/${joined}`;
    found.push({ name: at === parts.length - 1 || windows ? name : `${name} /`, path: full });
  }
  return found;
}
