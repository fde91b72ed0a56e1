// Tells when the set of keys that verify tokens cannot be had.
import type { Signals } from '../signals/signals.js'
import type { KeySetOutcome } from './token-keys.js'

/** With a good set from before, tokens are still verified; without any, nobody is let in. */
export function tellOfKeySet(signals: Signals, { reached, keys }: KeySetOutcome): void {
  const level = keys === 0 ? 'critical' : reached ? 'ok' : 'warning'
  const detail = reached ? 'the set of keys for tokens has no key' : 'the set of keys for tokens cannot be had'
  signals.tell({ cause: 'dependency', level, detail, metrics: { keys_in_force: keys } })
}
