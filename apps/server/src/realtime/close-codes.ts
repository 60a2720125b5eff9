/** Why the server ends a socket. 4000-4499: connect again; 4500-4999: do not. */
export const closeCodes = {
  /** A restart or stop: connect again after a random pause. */
  restart: 1012,
  /** The client does not take what it is sent: connect again and resume by cursor. */
  slow: 4408,
  /** The log could not be read for this client: connect again and resume by cursor. */
  broken: 4410,
  /** The key that signed this connection in was revoked. */
  revoked: 4500,
} as const;
