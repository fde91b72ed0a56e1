// The exit codes of the commands. docs/COMMANDS.md lists them, and scripts depend on them.

/** `no`: the answer is no, as of a corrupt store, of what is not there, and of an append whose condition does not hold. */
export const EXIT = { clean: 0, no: 1, usage: 2, unable: 3, interrupted: 130 } as const
