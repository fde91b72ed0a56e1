// Proves that an untrusted value is JSON, without recursion, so that no cycle and no depth can exhaust the stack.

import { LIMITS } from '../limits.js'
import { type FieldFindings, pointerSegment } from './field-findings.js'

const TOO_DEEP = `must not be nested deeper than ${LIMITS.nestingDepth} levels`
const CYCLIC = 'must not contain itself'
const NOT_PLAIN = 'must be a plain object or array, not an instance of a class'
const NOT_FINITE = 'must be a finite number'
const LONE_SURROGATE = 'must be well-formed Unicode: it holds half a surrogate pair'
const KEY_LONE_SURROGATE = 'must have a key of well-formed Unicode: it holds half a surrogate pair'

const { getPrototypeOf, keys } = Object

const NO_NAMES: readonly string[] = []

/** Whether a value is an object that JSON could have made; arrays are not. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Where the root of a walk is in the request. */
export interface EventField {
  readonly event: number
  readonly field: 'data' | 'metadata'
}

export function fieldPointer(at: EventField): string {
  return `/events/${at.event}/${at.field}`
}

export interface Allowance {
  readonly bytes: number
  readonly keys: number
}

/** Makes one walk at a time, with one frame per level; it allocates nothing per key and reads every property once. */
export class JsonWalk {
  private readonly containers: object[] = new Array(LIMITS.nestingDepth).fill(NO_NAMES)
  /** The keys of the object; undefined for an array. */
  private readonly names: (readonly string[] | undefined)[] = new Array(LIMITS.nestingDepth).fill(NO_NAMES)
  private readonly cursors = new Int32Array(LIMITS.nestingDepth)
  private depth = -1
  private deepest = -1
  private bytes = 0
  private allowance = 0
  /** Keys of all objects entered in the last walk, which stops when they are too many. */
  keys = 0
  private findings: FieldFindings
  private at: EventField

  /**
   * The least number of bytes MessagePack can need for `root`: one for every key and value, and their characters. Stops
   * as soon as that, or the number of keys, passes its allowance, and leaves it to the caller to say so.
   */
  measure(root: object, most: Allowance, findings: FieldFindings, at: EventField): number {
    this.findings = findings
    this.at = at
    this.allowance = most.bytes
    this.keys = 0
    this.bytes = 1
    this.depth = -1
    this.deepest = -1
    this.enter(root)
    while (this.depth >= 0 && this.bytes <= most.bytes && this.keys <= most.keys && !findings.full) this.step()
    this.forget()
    return this.bytes
  }

  /** Takes the next key or index of the innermost container, or leaves the container at its end. */
  private step(): void {
    const { depth } = this
    const names = this.names[depth]
    const container = this.containers[depth] as Record<string, unknown> & readonly unknown[]
    const cursor = this.cursors[depth] as number
    if (cursor === (names ?? container).length) {
      this.depth--
      return
    }
    this.cursors[depth] = cursor + 1
    if (names === undefined) {
      this.value(container[cursor])
      return
    }
    const name = names[cursor] as string
    this.bytes += name.length + 1
    if (!name.isWellFormed()) this.fault(KEY_LONE_SURROGATE)
    this.value(container[name])
  }

  private value(value: unknown): void {
    this.bytes++
    switch (typeof value) {
      case 'string':
        this.bytes += value.length
        if (!value.isWellFormed()) this.fault(LONE_SURROGATE)
        break
      case 'number':
        if (!Number.isFinite(value)) this.fault(NOT_FINITE)
        break
      case 'boolean':
        break
      case 'object':
        if (value !== null) this.enter(value)
        break
      default:
        this.fault(`must be a JSON value, not ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`)
    }
  }

  private enter(container: object): void {
    const names = this.namesOf(container)
    if (names === null) return
    const depth = this.depth + 1
    for (let level = 0; level < depth; level++) {
      if (this.containers[level] === container) {
        this.fault(CYCLIC)
        return
      }
    }
    if (depth === LIMITS.nestingDepth) {
      this.fault(TOO_DEEP)
      return
    }
    this.containers[depth] = container
    this.names[depth] = names
    this.cursors[depth] = 0
    this.depth = depth
    if (depth > this.deepest) this.deepest = depth
  }

  /** The keys to walk: undefined for an array, null for what must not be entered. */
  private namesOf(container: object): readonly string[] | undefined | null {
    const prototype = getPrototypeOf(container)
    if (prototype === Array.prototype && Array.isArray(container)) return this.indicesOf(container)
    if (prototype !== Object.prototype && prototype !== null) return this.refuse(NOT_PLAIN)
    // Symbols and hidden properties are no part of JSON, and looking for them would cost more than all else.
    const names = keys(container)
    this.keys += names.length
    return names
  }

  private indicesOf(array: readonly unknown[]): undefined | null {
    // So many elements are too large already, and walking them would take long.
    if (this.bytes + array.length > this.allowance) {
      this.bytes += array.length
      return null
    }
    // The walk finds holes, as undefined.
    return undefined
  }

  private refuse(detail: string): null {
    this.fault(detail)
    return null
  }

  private fault(detail: string): void {
    let pointer = fieldPointer(this.at)
    for (let level = 0; level <= this.depth; level++) {
      const index = (this.cursors[level] as number) - 1
      const names = this.names[level]
      pointer += pointerSegment(names === undefined ? index : (names[index] as string))
    }
    this.findings.add('INVALID_EVENT', pointer, detail)
  }

  /** Drops what was walked, because the walk itself lives on and would keep it in memory. */
  private forget(): void {
    for (let level = 0; level <= this.deepest; level++) {
      this.containers[level] = NO_NAMES
      this.names[level] = NO_NAMES
    }
  }
}
