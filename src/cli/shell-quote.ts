// Spells a path so that the printed command can be copied into a shell.

export function inShell(path: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
