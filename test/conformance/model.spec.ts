// Random lives of an embedded store, and of a follower with its writer beside it, each with its model at its side.
import { test } from '@jest/globals'
import { openFollower } from '../../src/backends/follower/follower-store.js'
import { LocalWriter } from '../../src/backends/follower/local-writer.js'
import { DATA, openTiny } from '../crash/tiny-store.js'
import { SOAK, tries } from '../support/effort.js'
import { liveAlike } from './model-lives.js'

const RUN_MS = tries(12_000, 5_000) * Math.max(1, SOAK * 5)
const FOLLOWER_RUN_MS = RUN_MS / 2

test(
  'the embedded store and its model give the same answers',
  () => liveAlike('model', openTiny, RUN_MS),
  RUN_MS + 120_000,
)

test(
  'a follower with its writer beside it and their model give the same answers',
  () =>
    liveAlike(
      'model of a follower',
      async (disk, clock, options) => {
        const writer = new LocalWriter()
        const store = await openTiny(disk, clock, { ...options, observer: writer.observer })
        writer.attach(store)
        const follower = await openFollower(writer, { directory: DATA, disk, verify: false })
        const closeFollower = follower.close.bind(follower)
        follower.close = async () => {
          await closeFollower()
          await store.close()
        }
        return follower
      },
      FOLLOWER_RUN_MS,
    ),
  FOLLOWER_RUN_MS + 120_000,
)
