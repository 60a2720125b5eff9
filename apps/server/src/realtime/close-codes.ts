/** Why the server ends a socket. 4000-4499: connect again; 4500-4999: do not. */
export const closeCodes = {
  /** A restart or stop: connect again after a random pause. */
  restart: 1012,
  /** The client does not take what it is sent: connect again and resume by cursor. */
  slow: 4408,
  /** The client is behind what the log still has: connect again and load afresh. */
  behind: 4409,
  /** The log could not be read for this client: connect again and resume by cursor. */
  broken: 4410,
  /** Nobody signed in on it in time. */
  unauthenticated: 4501,
  /** The key that signed this connection in was revoked. */
  revoked: 4500,
} as const;
