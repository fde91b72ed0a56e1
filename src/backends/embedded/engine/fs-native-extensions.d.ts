// Declares the two functions used from fs-native-extensions, because the package ships no types.

declare module 'fs-native-extensions' {
  /** Locks a range of an open file without waiting; false when another open file description holds it. */
  export function tryLock(descriptor: number, offset: number, length: number): boolean
  export function unlock(descriptor: number, offset: number, length: number): void
}
