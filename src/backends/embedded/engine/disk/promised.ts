// The one place where node:fs callbacks become promises: plain descriptors, which no garbage collection closes.

export type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void

export function promised<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)))
  })
}
