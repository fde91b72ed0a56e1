// Sets a key of a map under any name, `__proto__` included. Pure.

/** Assigning to `__proto__` would call its setter instead of making a key. */
export function setOwn<Value>(map: { [key: string]: Value }, key: string, value: Value): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}
