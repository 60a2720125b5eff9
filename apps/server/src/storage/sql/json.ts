/** JSON of a column that only this folder writes, so its shape is the one it was written with. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}
