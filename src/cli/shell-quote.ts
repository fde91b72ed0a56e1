// Quotes a path so that a printed command can be pasted into a shell.

export function inShell(path: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
