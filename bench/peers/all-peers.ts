// The systems of the table, in the order of its columns.
import { EMMETT } from './emmett.js'
import { JETSTREAM } from './jetstream.js'
import { LIGHTHOUSE } from './lighthouse.js'
import { installed } from './packages.js'
import { POSTGRESQL } from './postgresql.js'
import { REDIS } from './redis.js'
import type { Peer } from './system.js'
import { UMADB } from './umadb.js'

export const PEERS: readonly Peer[] = [LIGHTHOUSE, UMADB, POSTGRESQL, EMMETT, REDIS, JETSTREAM]

export function isHere(peer: Peer): boolean {
  return peer.needs.every(name => installed(name) !== undefined)
}

/** Those that are named, or all, as far as they are installed; Lighthouse always. */
export function herePeers(names: readonly string[], say: (line: string) => void): readonly Peer[] {
  const unknown = names.filter(name => !PEERS.some(peer => peer.name === name))
  if (unknown.length > 0) throw new Error(`there is no peer ${unknown.join(', ')}`)
  const wanted = PEERS.filter(peer => peer === LIGHTHOUSE || names.length === 0 || names.includes(peer.name))
  for (const peer of wanted) if (!isHere(peer)) say(`${peer.name} is not installed: npm run tools -- peers`)
  return wanted.filter(isHere)
}
