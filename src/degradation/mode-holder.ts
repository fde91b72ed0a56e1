// The mode of the service, as every answer says it: NORMAL, or EMERGENCY while the store takes no appends.
export type Mode = 'NORMAL' | 'EMERGENCY'

export const modeHeader = 'lighthouse-mode'

export class ModeHolder {
  current: Mode = 'NORMAL'
}
