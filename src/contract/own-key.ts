// Sets a key of a map, whatever it is called. Pure.

/** An assignment would call the setter of `__proto__` instead. */
export function setOwn<Value>(map: { [key: string]: Value }, key: string, value: Value): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}
