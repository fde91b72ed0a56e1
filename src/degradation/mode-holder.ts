// Holds the mode of the service, which every answer carries and the gate in front of the store obeys.
import type { StoreError } from '../contract/errors.js'

/** EMERGENCY while the store takes no appends. */
export type Mode = 'NORMAL' | 'EMERGENCY'

export const modeHeader = 'lighthouse-mode'

export class ModeHolder {
  current: Mode = 'NORMAL'
  /**
   * The error with which the gate refuses appends. It is undefined in a mode that only follows the store: the store has
   * to refuse by itself, because it alone knows which keys are stored already, and because only an append finds out
   * that a full disk has room again.
   */
  refusal: StoreError | undefined
}
