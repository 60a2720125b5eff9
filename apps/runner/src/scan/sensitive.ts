const names = new Set([
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".git-credentials",
  ".htpasswd",
  ".pgpass",
  "credentials",
  "credentials.json",
  "secrets.json",
  "secrets.yaml",
  "secrets.yml",
  "id_rsa",
  "id_dsa",
  "id_ecdsa",
  "id_ed25519",
]);
const endings = [".pem", ".key", ".p12", ".pfx", ".keystore", ".jks", ".kdbx"];
const samples = [".example", ".sample", ".template", ".dist"];

/** Whether a file of this name usually holds secrets or credentials. */
export function isSensitive(name: string): boolean {
  if (samples.some((ending) => name.endsWith(ending))) return false;
  if (name === ".env" || name.startsWith(".env.") || names.has(name)) return true;
  return endings.some((ending) => name.endsWith(ending));
}
