// Which room of the engine stands on which, and the rule that the doors between them open one way only.
import { posix } from 'node:path'
import { importsOf, isSpec, isTypeScript, type ProjectFile, type Rule } from './project.js'

const engine = 'src/backends/embedded/engine'

/** Each uses those before it. The files directly in engine/ are the running log: what looks after one comes behind it. */
const rooms = ['format', 'disk', 'index', 'segment', 'recovery', '.', 'upkeep', 'inspect', 'backup'] as const

/** -1 for a folder that is no room. */
function roomOf(path: string): number {
  const [first = '.', ...rest] = posix.relative(engine, path).split('/')
  return rooms.findIndex(room => room === (rest.length === 0 ? '.' : first))
}

export const engineDoorsClose: Rule = {
  name: 'a room of the engine imports only the rooms before it',
  check: files => files.filter(isOfEngine).flatMap(complaintsAbout),
}

function isOfEngine(file: ProjectFile): boolean {
  return file.path.startsWith(`${engine}/`) && isTypeScript(file) && !isSpec(file)
}

function complaintsAbout(file: ProjectFile): string[] {
  const from = roomOf(file.path)
  if (from < 0) return [`${file.path} lies in no room: move it into one, or name its folder in test/house/rooms.ts`]
  return importsOf(file).flatMap(({ specifier, line }) => {
    const target = posix.join(posix.dirname(file.path), specifier)
    if (!specifier.startsWith('.') || !target.startsWith(`${engine}/`) || roomOf(target) <= from) return []
    return [`${file.path}:${line} imports ${target}: ${order}; move what both need into the room before, or hand it in`]
  })
}

const order = `the order is ${rooms.map(room => (room === '.' ? 'log' : room)).join(' < ')}`
