// Conformance: what is read is what was sent, to the last key, digit and character.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type JsonObject, type NewEvent, type RecordedEvent } from '../../src/contract/event.js'
import { LIMITS } from '../../src/contract/limits.js'
import { unpack } from '../../src/record/codec/reader.js'
import { PackedMap } from '../../src/record/codec/scan.js'
import { arbitraryJson, nested, objectOf } from '../support/arbitrary-json.js'
import { an, plain, type World } from './vocabulary.js'

export function describeFidelity(world: World, facts: { readonly keepsNegativeZero: boolean }): void {
  describe('what was sent', () => {
    tellsJson(world)
    tellsNumbers(world, facts.keepsNegativeZero)
    tellsFields(world)
    tellsPacked(world)
  })
}

/** JSON text compares keys, their order, and numbers digit by digit, `__proto__` included. */
function text(value: JsonObject | undefined): string {
  return JSON.stringify(value)
}

async function stored(world: World, event: NewEvent): Promise<RecordedEvent> {
  const { lastPosition } = await world.append(event)
  return (await world.store.find(lastPosition)) as RecordedEvent
}

function tellsJson(world: World): void {
  it('is read back exactly, whatever the data and metadata', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryJson, fc.option(arbitraryJson, { nil: undefined }), async (data, metadata) => {
        const event = await stored(world, an('opened', { data, ...(metadata === undefined ? {} : { metadata }) }))
        expect(text(event.data)).toBe(text(data))
        expect(text(event.metadata)).toBe(text(metadata))
        expect(text(unpack(event.packedData()))).toBe(text(data))
        const packed = event.packedMetadata()
        expect(packed === undefined ? undefined : text(unpack(packed))).toBe(text(metadata))
        expect(event.packedBytes()).toBe(event.packedData().length + (packed?.length ?? 0))
      }),
      { numRuns: 150 },
    )
  })

  it('is read back exactly when a getter in it appends on its own', async () => {
    const inner = Array.from({ length: 3 }, (_, n) =>
      an('opened', { data: { of: 'getter', text: String(n).repeat(300) } }),
    )
    const appended: Promise<unknown>[] = []
    const getter = {
      enumerable: true,
      get: () => {
        if (appended.length === 0) appended.push(world.append(inner))
        return 'late'
      },
    }
    const data = Object.defineProperty({ before: 'x'.repeat(500) }, 'getter', getter)
    await world.append([{ first: 1 }, data, { last: 2 }].map(of => an('opened', { data: of })))
    await Promise.all(appended)
    const read = (await world.read()).map(event => text(event.data))
    const outer = [{ first: 1 }, { before: 'x'.repeat(500), getter: 'late' }, { last: 2 }].map(text)
    expect(read.filter(found => !found.includes('"of"'))).toEqual(outer)
    expect(read.filter(found => found.includes('"of"'))).toEqual(inner.map(event => text(event.data as JsonObject)))
  })

  it('keeps keys that other software drops', async () => {
    const data = objectOf([
      ['__proto__', { polluted: true }],
      ['constructor', { prototype: { polluted: true } }],
      ['prototype', 1],
      ['hasOwnProperty', 'mine'],
      ['toJSON', 'text'],
      ['', 'empty'],
      ['$where', 'function () { return true }'],
    ])
    const event = await stored(world, an('opened', { data, metadata: data }))
    expect(Object.keys(event.data)).toEqual(Object.keys(data))
    expect(text(event.data)).toBe(text(data))
    expect(text(event.metadata)).toBe(text(data))
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('keeps data sixty-four levels deep', async () => {
    const data = nested(64)
    expect(text((await stored(world, an('opened', { data }))).data)).toBe(text(data))
  })

  it('keeps large data: long texts, long lists, many keys', async () => {
    const data = {
      text: 'é'.repeat(100_000),
      list: Array.from({ length: 70_000 }, (_, i) => i % 100),
      keys: Object.fromEntries(Array.from({ length: LIMITS.eventKeys - 3 }, (_, i) => [`key-${i}`, i])),
    }
    expect(text((await stored(world, an('opened', { data }))).data)).toBe(text(data))
  })
}

function tellsNumbers(world: World, keepsNegativeZero: boolean): void {
  it('keeps every number a double can be', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 50 }),
        async numbers => {
          const { data } = await stored(world, an('measured', { data: { numbers } }))
          const same = (data['numbers'] as number[]).every((number, i) => number === numbers[i])
          expect(same).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it(`keeps the sign of zero: ${keepsNegativeZero}`, async () => {
    const { data } = await stored(world, an('measured', { data: { zero: -0 } }))
    expect(Object.is(data['zero'], -0)).toBe(keepsNegativeZero)
  })
}

function tellsFields(world: World): void {
  it('keeps every field of an event', async () => {
    const event = an('order.opened:v2-A_1', {
      stream: 'agent_1/orders@home:2.a-b',
      data: { total: 1.5 },
      metadata: { source: 'shop' },
      tags: ['order:1', 'größer', '🜁 air', 'order:1'],
      schemaVersion: 7,
      correlationId: 'correlation ü',
      causationId: '1_0_node-1',
      sessionId: 'session/1',
      parents: ['1_0_node-1', '2_0_node-2'],
      occurredAt: '2016-12-31T23:59:60.5+00:00',
    })
    const record = await stored(world, event)
    expect(plain(record)).toMatchObject({ ...event, agentId: 'a1', position: 1, revision: 0 })
    expect(record.checksum).toMatch(/^[0-9a-f]{64}$/)
  })

  it('adds no field that nobody gave', async () => {
    expect(Object.keys(plain(await stored(world, an('opened')))).sort()).toEqual(
      [
        ['agentId', 'checksum', 'data', 'id', 'position', 'revision'],
        ['schemaVersion', 'stream', 'tags', 'timestamp', 'type'],
      ].flat(),
    )
    expect(await world.store.find(1)).toMatchObject({ schemaVersion: 1, tags: [] })
  })

  it('cannot be changed through what a read handed out', async () => {
    await world.append(an('opened', { data: { lines: ['first'] }, tags: ['kept'] }))
    const before = plain((await world.read())[0] as RecordedEvent)
    const event = (await world.read())[0] as RecordedEvent
    for (const change of [
      () => (event.data['lines'] as string[]).push('second'),
      () => Object.assign(event.data as object, { lines: [] }),
      () => (event.tags as string[]).push('lost'),
      () => event.packedData().fill(0),
    ]) {
      try {
        change()
      } catch {
        // Frozen is as good as copied.
      }
    }
    expect(plain((await world.read())[0] as RecordedEvent)).toEqual(before)
  })
}

function tellsPacked(world: World): void {
  /** {"b": 1 as uint32, "a": "é" as str8, "__proto__": [null]} in spellings no encoder of ours would choose. */
  const bytes = Uint8Array.of(
    ...[0xde, 0x00, 0x03, 0xd9, 0x01, 0x62, 0xce, 0x00, 0x00, 0x00, 0x01],
    ...[0xa1, 0x61, 0xd9, 0x02, 0xc3, 0xa9],
    ...[0xa9, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f, 0xdc, 0x00, 0x01, 0xc0],
  )

  it('comes back decoded, and as the very bytes, when it was packed', async () => {
    const event = await stored(world, an('opened', { data: new PackedMap(bytes), metadata: new PackedMap(bytes) }))
    expect(text(event.data)).toBe('{"b":1,"a":"é","__proto__":[null]}')
    expect(text(event.metadata)).toBe(text(event.data))
    expect([...event.packedData()]).toEqual([...bytes])
    expect([...(event.packedMetadata() ?? [])]).toEqual([...bytes])
  })

  it('does not change with the bytes it was given in', async () => {
    const given = bytes.slice()
    const appending = world.append(an('opened', { data: new PackedMap(given) }))
    given.fill(0)
    await appending
    expect([...((await world.store.find(1))?.packedData() ?? [])]).toEqual([...bytes])
  })
}
