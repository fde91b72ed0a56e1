// How the header Idempotency-Key is described wherever an append takes it.
import { LIMITS } from '../contract/limits.js'

export const KEY_HEADER = {
  name: 'Idempotency-Key',
  description: `1 to ${LIMITS.keyChars} printable ASCII characters. Sent again within ${LIMITS.keyRetentionHours} h, the first answer comes back.`,
  example: 'task-17-completed',
  required: false,
}
