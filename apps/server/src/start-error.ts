/** Why the server cannot start here: one line for the person who started it, exit code 2. */
export class StartError extends Error {
  override readonly name = "StartError";
}
