// Why a backup or a restore does not go on, in words for whoever asked for it.

/** wrong_place: what was named is not what it has to be. damaged: going on would replace what is whole by what is not. */
export type BackupRefusal = 'wrong_place' | 'damaged' | 'no_room' | 'unsettled'

export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'

  constructor(
    readonly refusal: BackupRefusal,
    message: string,
  ) {
    super(message)
  }
}
