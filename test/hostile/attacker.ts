// A process of attacks, at a low priority, as one who shares the machine with those that it attacks.
import { setPriority } from 'node:os'
import { endLines } from './ask.js'
import { readOrders, tellReport } from './child.js'
import { FRAME_ATTACKS } from './frame-attacks.js'
import { Front, type FrontOrders } from './front.js'
import { REQUEST_ATTACKS } from './request-attacks.js'

const NICE = 10

setPriority(NICE)
const front = new Front(await readOrders<FrontOrders>())
const known = { ...FRAME_ATTACKS, ...REQUEST_ATTACKS }
await Promise.all(front.orders.attacks.map(name => known[name]?.(front)))
endLines()
tellReport(front.counts)
