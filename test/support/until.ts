// Waits for what tells nobody that it has come: asks again and again, and rejects with what the asking throws.

/** Resolves with the first answer that is neither false nor undefined. */
export function until<T>(ask: () => Promise<T | false | undefined> | T | false | undefined, everyMs = 50): Promise<T> {
  return new Promise((found, failed) => {
    let isAsking = false
    const timer = setInterval(async () => {
      if (isAsking) return
      isAsking = true
      try {
        const answer = await ask()
        isAsking = false
        if (answer === false || answer === undefined) return
        clearInterval(timer)
        found(answer)
      } catch (error) {
        clearInterval(timer)
        failed(error)
      }
    }, everyMs)
  })
}
