const words: Readonly<Record<string, string>> = {
  permission_denied: "not allowed to read it",
  name_too_long: "its name is too long",
  changed_while_read: "it kept changing while it was read",
  io_error: "the disk failed to read it",
  fifo: "a pipe, which is never opened",
  socket: "a socket, which is never opened",
  cairn_data: "Cairn's own data, which is never captured",
  device: "a device, which is never opened",
};

/** Why a path is not in a checkpoint, in words. */
export function skipWords(reason: string): string {
  return Object.hasOwn(words, reason) ? (words[reason] ?? reason) : reason.replaceAll("_", " ");
}
