import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Hex SHA-256: what is kept of a secret. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares without telling by its duration how much of them is equal. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export function newSecret(bits: number): string {
  return randomBytes(bits / 8).toString("base64url");
}

/** The token of an `Authorization: Bearer` header, null when there is none. */
export function bearerOf(header: string | null | undefined): string | null {
  return /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(header ?? "")?.[1] ?? null;
}
