// How long a recovery may take with ten million events, in seconds: what docs/OPERATIONS.md says and the acceptance run holds.

export const RECOVERY_LIMITS = {
  'a start after a clean end, until an append is stored': 30,
  'a start after kill -9 under load, until an append is stored': 30,
  'a start that puts back a segment which is gone': 30,
  'a segment that has rotted is put back while the server runs': 90,
  'from an operator’s word that it is over until all appends are taken': 60,
  'a start that builds the index of every segment anew': 300,
  'a full disk has room again, until an append is stored': 30,
  'a full disk has room again, until all appends are taken': 90,
  'the whole store restored from its backup and verified': 900,
} as const

export type Recovery = keyof typeof RECOVERY_LIMITS
