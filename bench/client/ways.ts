// The ways in which a program may append with the client, as the bench calls them.

export const WAYS = {
  serial: { what: 'append(), one after the other', atMost: undefined },
  'at-once': { what: 'append(), 64 at once', atMost: 80 },
  burst: { what: 'append(), 1,000 in one Promise.all', atMost: 80 },
  appender: { what: 'appender(), 64 at once', atMost: undefined },
} as const

export type Way = keyof typeof WAYS
