// Which Node the server and the command line need. The launcher has one of its own; who starts what is built gives theirs.

/** The first with all that is used of it; scripts/runtime.mjs, which is read before anything is built, says the same. */
const OLDEST_NODE = [22, 15] as const

/** Why this Node will not do; undefined where it does. */
export function tooOldNode(version: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return fits ? undefined : `it needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${version}`
}

/** What whoever has started it on another can do. */
export const NEWER_NODE = `install Node ${OLDEST_NODE.join('.')} or newer, or start it with npx lighthouse, which brings one`
