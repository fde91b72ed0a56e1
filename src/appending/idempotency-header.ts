// Describes the header Idempotency-Key for every route that accepts it.
import { LIMITS } from '../contract/limits.js'

export const KEY_HEADER = {
  name: 'Idempotency-Key',
  description: `1 to ${LIMITS.keyChars} printable ASCII characters. Sent again within ${LIMITS.keyRetentionHours} h, the first answer comes back.`,
  example: 'task-17-completed',
  required: false,
}
