// The error of a backup or a restore that does not go on, with the reason in words for the operator.

/**
 * `wrong_place`: a directory is not what it must be. `damaged`: going on would replace what is whole by what is not.
 */
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
