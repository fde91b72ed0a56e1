// A file that the server may not use is named with whose it is and with the command that mends it.
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { loadSettings } from '../config/load-settings.js'
import { Signals } from '../signals/signals.js'
import { type FileUser, firstPermissionFault, permissionFaultsOf } from './permission-faults.js'
import { PermissionWatch } from './permission-watch.service.js'

Logger.overrideLogger(false)

const SEGMENT = 'seg.log'
let directory: string
/** The owner as if it were not root, and somebody else: what counts is the mode of real files. */
let owner: FileUser
const stranger: FileUser = { uid: 65_534, gid: 65_534, groups: [] }

beforeEach(() => {
  directory = makeTempDirectory()
  mkdirSync(join(directory, 'segments'), { mode: 0o750 })
  writeFileSync(join(directory, 'segments', SEGMENT), '', { mode: 0o640 })
  writeFileSync(join(directory, 'LOCK'), '', { mode: 0o640 })
  chmodSync(directory, 0o750)
  const { uid, gid } = statSync(directory)
  owner = { uid: uid === 0 ? -1 : uid, gid, groups: [] }
})
afterEach(() => {
  chmodSync(directory, 0o750)
  removeTempDirectory(directory)
})

test('root may everything, so nothing is at fault', async () => {
  chmodSync(directory, 0o000)
  expect(await permissionFaultsOf(directory, { uid: 0, gid: 0, groups: [] })).toEqual([])
})

test('what belongs to another user is named with its owner, what is needed, and the command that hands it over', async () => {
  const { uid, gid } = statSync(directory)
  expect(await permissionFaultsOf(directory, stranger)).toMatchObject([
    { path: join(directory, '.'), mode: '0750', owner: `${uid}:${gid}`, needs: 'rwx for user 65534' },
    { path: join(directory, 'segments'), command: `sudo chown -R 65534:65534 '${join(directory, 'segments')}'` },
    { path: join(directory, 'LOCK'), needs: 'rw for user 65534' },
  ])
})

test('a single file in a folder that is well is found as well, by a start that was refused', () => {
  const group: FileUser = { ...stranger, groups: [owner.gid] }
  chmodSync(directory, 0o770)
  chmodSync(join(directory, 'segments'), 0o770)
  chmodSync(join(directory, 'LOCK'), 0o660)
  expect(firstPermissionFault(directory, group)).toMatchObject({
    path: join(directory, 'segments', SEGMENT),
    mode: '0640',
  })
  chmodSync(join(directory, 'segments', SEGMENT), 0o660)
  expect(firstPermissionFault(directory, group)).toBeUndefined()
})

test('a running server tells of it as a signal without paths, counts it, and says when it is over', async () => {
  const signals = new Signals()
  const metrics = await metricsUnderTest()
  const watch = new PermissionWatch(loadSettings({ LIGHTHOUSE_DATA_DIR: directory }), signals, metrics)
  await watch.look(() => permissionFaultsOf(directory, stranger))
  expect(signals.active).toMatchObject([{ cause: 'storage_permission', level: 'warning', metrics: { faults: 3 } }])
  expect(signals.active[0]?.detail).not.toContain(directory)
  expect(await metrics.text()).toContain('lighthouse_storage_permission_faults 3')
  await watch.look(async () => [])
  expect(signals.active).toEqual([])
})
