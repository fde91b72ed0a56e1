// What a request to wait asks for, and where its answer says to go on. Pure.
import type { Access } from '../auth/access.js'
import type { Position } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { knownPosition } from '../contract/moment.js'
import { filterOf } from '../streaming/read-query.js'
import { WAIT_SECONDS_DEFAULT, type WaitParameters } from './events.dto.js'
import type { Wait } from './long-polls.service.js'

export const positionHeader = 'lighthouse-position'

export function waitOf(query: WaitParameters, access: Access, head: Position): Wait {
  return {
    filter: filterOf(query, access.within('events.read')),
    after: knownPosition(query.after ?? head, head),
    limit: query.limit ?? LIMITS.readLimitDefault,
    timeoutMs: (query.timeout ?? WAIT_SECONDS_DEFAULT) * 1000,
    upcast: query.upcast,
  }
}
