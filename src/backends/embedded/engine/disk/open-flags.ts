// Flags of opening a file that not every system has: where one is missing the file is opened without it.
import fs from 'node:fs'

type Flag = 'O_NOFOLLOW' | 'O_DIRECTORY' | 'O_NONBLOCK'

// Windows lacks all three.
export const [O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK] = (['O_NOFOLLOW', 'O_DIRECTORY', 'O_NONBLOCK'] as const).map(
  (flag: Flag) => fs.constants[flag] ?? 0,
) as [number, number, number]

/** Elsewhere the flag is missing (Windows) or does not reach the platter (macOS), so there a sync follows each write. */
export const O_DSYNC = process.platform === 'linux' ? fs.constants.O_DSYNC : 0
