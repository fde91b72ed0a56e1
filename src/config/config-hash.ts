// One short text for all settings, by which two servers or two starts are seen to differ. Pure.
import { createHash } from 'node:crypto'
import { type Settings, settingTable } from './settings.js'

const HASH_CHARS = 16

/** Without secrets, so that nobody can try them out on it. */
export function configHash(settings: Settings): string {
  const open = Object.entries(settingTable).filter(([, { secret }]) => secret !== true)
  const values = open.map(([name]) => [name, settings[name as keyof Settings]])
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, HASH_CHARS)
}
