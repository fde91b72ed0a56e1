// JSON in MessagePack in any of its legal spellings: heads longer than needed, integers as any type that holds them.
import type { JsonValue, Packed } from '../../src/contract/event.js'
import { PackedMap } from '../../src/record/codec/scan.js'

/** Answers a number from 0 up to below `choices`. */
export type Choose = (choices: number) => number

/** Bytes that nobody has looked at yet. */
export function packedMap(bytes: Uint8Array): Packed {
  return new PackedMap(bytes)
}

const UTF8 = new TextEncoder()

export function spell(value: JsonValue, choose: Choose): number[] {
  if (value === null) return [0xc0]
  if (typeof value === 'boolean') return [value ? 0xc3 : 0xc2]
  if (typeof value === 'number') return spellNumber(value, choose)
  if (typeof value === 'string') return spellText(value, choose)
  if (Array.isArray(value)) {
    const head = spellHead(
      value.length,
      [
        [0x90, 15],
        [0xdc, 2],
        [0xdd, 4],
      ],
      choose,
    )
    return [...head, ...value.flatMap(item => spell(item as JsonValue, choose))]
  }
  const entries = Object.entries(value)
  const head = spellHead(
    entries.length,
    [
      [0x80, 15],
      [0xde, 2],
      [0xdf, 4],
    ],
    choose,
  )
  return [...head, ...entries.flatMap(([name, item]) => [...spellText(name, choose), ...spell(item, choose)])]
}

function spellText(text: string, choose: Choose): number[] {
  const bytes = UTF8.encode(text)
  return [
    ...spellHead(
      bytes.length,
      [
        [0xa0, 31],
        [0xd9, 1],
        [0xda, 2],
        [0xdb, 4],
      ],
      choose,
    ),
    ...bytes,
  ]
}

/** The first head holds lengths up to a value of its own, the others lengths of one, two or four bytes. */
function spellHead(length: number, heads: readonly (readonly [number, number])[], choose: Choose): number[] {
  const fits = heads.filter(([, width], i) => length <= (i === 0 ? width : 2 ** (8 * width) - 1))
  const [head, width] = fits[choose(fits.length)] as readonly [number, number]
  return head === heads[0]?.[0] ? [head | length] : [head, ...bigEndian(BigInt(length), width)]
}

function bigEndian(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, i) =>
    Number((BigInt.asUintN(8 * width, value) >> BigInt(8 * (width - 1 - i))) & 0xffn),
  )
}

function spellNumber(value: number, choose: Choose): number[] {
  const spellings: number[][] = [float(value, 8)]
  if (Math.fround(value) === value) spellings.push(float(value, 4))
  if (Number.isInteger(value) && !Object.is(value, -0)) {
    const integer = BigInt(value)
    if (value >= -32 && value <= 127) spellings.push([value & 0xff])
    for (const [i, width] of [1, 2, 4, 8].entries()) {
      if (BigInt.asUintN(8 * width, integer) === integer) spellings.push([0xcc + i, ...bigEndian(integer, width)])
      if (BigInt.asIntN(8 * width, integer) === integer) spellings.push([0xd0 + i, ...bigEndian(integer, width)])
    }
  }
  return spellings[choose(spellings.length)] as number[]
}

function float(value: number, width: 4 | 8): number[] {
  const view = new DataView(new ArrayBuffer(width))
  if (width === 8) view.setFloat64(0, value)
  else view.setFloat32(0, value)
  return [width === 8 ? 0xcb : 0xca, ...new Uint8Array(view.buffer)]
}
