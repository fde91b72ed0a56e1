// Turns node:fs callbacks into promises, because garbage collection may close the handles of node:fs/promises.

export type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void

export function promised<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)))
  })
}
