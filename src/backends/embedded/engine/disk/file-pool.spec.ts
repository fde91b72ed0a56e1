// The pool of descriptors: its limit, who is closed first, and what happens when the system has no more.
import { describe, expect, it } from '@jest/globals'
import type { Disk, DiskFile } from './disk.js'
import { FilePool } from './file-pool.js'

/** Counts descriptors and knows which paths exist. */
class CountingDisk {
  readonly open = new Map<string, number>()
  most = 0
  opens: string[] = []
  systemLimit = Number.POSITIVE_INFINITY
  /** Give descriptors back only some turns of the loop after the call. */
  slowClose = false

  asDisk(): Disk {
    return { openSync: (path: string) => this.openSync(path) } as unknown as Disk
  }

  get count(): number {
    return [...this.open.values()].reduce((sum, n) => sum + n, 0)
  }

  private openSync(path: string): DiskFile {
    const fail = (code: string) => Object.assign(new Error(`${code}: ${path}`), { code })
    if (path.startsWith('missing')) throw fail('ENOENT')
    if (this.count >= this.systemLimit) throw fail('EMFILE')
    this.opens.push(path)
    this.open.set(path, (this.open.get(path) ?? 0) + 1)
    this.most = Math.max(this.most, this.count)
    const close = async () => {
      if (this.slowClose) await new Promise(setImmediate)
      this.open.set(path, (this.open.get(path) as number) - 1)
    }
    return { path, close } as unknown as DiskFile
  }
}

function setUp(limit: number) {
  const disk = new CountingDisk()
  return { disk, pool: new FilePool(disk.asDisk(), limit) }
}

function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}

describe('a pool of files', () => {
  it('opens a file once and closes the least recently used first', () => {
    const { disk, pool } = setUp(3)
    for (const path of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'b']) expect(pool.file(path).path).toBe(path)
    expect(disk.opens).toEqual(['a', 'b', 'c', 'd', 'b'])
    expect(disk.most).toBe(3)
    expect(pool.size).toBe(3)
  })

  it('never closes a file in use; others wait for a turn, and it is never more than the limit', async () => {
    const { disk, pool } = setUp(2)
    const gates = [gate(), gate()] as const
    const users = gates.map((held, i) => pool.use(`held-${i}`, () => held.opened))
    const done: string[] = []
    const waiters = ['x', 'y', 'z'].map(path =>
      pool.use(path, async file => {
        expect(disk.open.get(path)).toBe(1)
        done.push(file.path)
      }),
    )
    await new Promise(setImmediate)
    expect(done).toEqual([])
    gates[0].open()
    await Promise.all(waiters)
    expect(done).toEqual(['x', 'y', 'z'])
    expect(disk.open.get('held-1')).toBe(1)
    gates[1].open()
    await Promise.all(users)
    expect(disk.most).toBe(2)
  })

  it('shares a file among users without waiting, and goes one over for a lookup that cannot wait', async () => {
    const { disk, pool } = setUp(1)
    const held = gate()
    const first = pool.use('a', () => held.opened)
    await pool.use('a', async () => undefined)
    expect(pool.file('b').path).toBe('b')
    expect(pool.file('c').path).toBe('c')
    expect(disk.most).toBe(2)
    held.open()
    await first
  })

  it('passes the turn on when a file that was waited for does not exist', async () => {
    const { pool } = setUp(1)
    const held = gate()
    const first = pool.use('a', () => held.opened)
    const missing = expect(pool.use('missing', async () => 1)).rejects.toMatchObject({ code: 'ENOENT' })
    const next = pool.use('b', async () => 'served')
    held.open()
    await Promise.all([first, missing])
    expect(await next).toBe('served')
  })

  it.each([false, true])(
    'closes half of the idle files when the system has no more (slow close: %s)',
    async slowClose => {
      const { disk, pool } = setUp(10)
      disk.slowClose = slowClose
      for (const path of ['a', 'b', 'c', 'd']) pool.file(path)
      disk.systemLimit = 4
      await pool.use('e', async file => expect(file.path).toBe('e'))
      expect([...disk.open].filter(([, n]) => n > 0).map(([path]) => path)).toEqual(['c', 'd', 'e'])
    },
  )

  it('throws the error of the system as it is when closing does not help', async () => {
    const { disk, pool } = setUp(10)
    disk.systemLimit = 0
    expect(() => pool.file('a')).toThrow('EMFILE')
    await expect(pool.use('a', async () => 1)).rejects.toMatchObject({ code: 'EMFILE' })
    disk.systemLimit = 1
    expect(pool.file('a').path).toBe('a')
  })

  it('closes a forgotten file at once, or after its last user, and opens it anew', async () => {
    const { disk, pool } = setUp(4)
    pool.file('a')
    await pool.forget('a')
    expect(disk.count).toBe(0)
    const held = gate()
    const user = pool.use('a', () => held.opened)
    await pool.forget('a')
    expect(disk.open.get('a')).toBe(1)
    pool.file('a')
    expect(disk.open.get('a')).toBe(2)
    expect(pool.size).toBe(2)
    held.open()
    await user
    expect(disk.open.get('a')).toBe(1)
    await pool.forget('never opened')
  })

  it('closes all, refuses everyone afterwards, and those who wait', async () => {
    const { disk, pool } = setUp(1)
    const held = gate()
    const user = pool.use('a', () => held.opened)
    const waiter = expect(pool.use('b', async () => 1)).rejects.toThrow('closed')
    await pool.closeAll()
    await waiter
    expect(() => pool.file('c')).toThrow('closed')
    held.open()
    await user
    expect(disk.count).toBe(0)
  })

  it('gives the file back when the work fails', async () => {
    const { pool } = setUp(1)
    await expect(pool.use('a', () => Promise.reject(new Error('work')))).rejects.toThrow('work')
    expect(await pool.use('b', async file => file.path)).toBe('b')
  })
})
