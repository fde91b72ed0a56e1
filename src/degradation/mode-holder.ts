// The mode of the service, as every answer says it and as the gate in front of the store asks for it.
import type { StoreError } from '../contract/errors.js'

/** EMERGENCY while the store takes no appends. */
export type Mode = 'NORMAL' | 'EMERGENCY'

export const modeHeader = 'lighthouse-mode'

export class ModeHolder {
  current: Mode = 'NORMAL'
  /**
   * What the gate refuses appends with. Nothing in a mode that only follows the store: that refuses by itself, because it
   * alone knows which keys it has stored already, and an append is how it finds out that a full disk has room again.
   */
  refusal: StoreError | undefined
}
