// Every row of the paired bench.
import { GROUP_ROWS, HTTP_ROWS } from './http-rows.js'
import { LIVE_ROWS } from './live-rows.js'
import { OWN_ROWS } from './own-rows.js'
import type { PairRow } from './row.js'

export const PAIR_ROWS: readonly PairRow[] = [...HTTP_ROWS, ...LIVE_ROWS, ...GROUP_ROWS, ...OWN_ROWS]
