// Ends with 0 when the server of this container takes requests, else with 1 and the reason: the image has no curl.
const port = process.env.LIGHTHOUSE_PORT ?? '8765'
try {
  const { ok, status } = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })
  if (!ok) throw new Error(`/readyz answers ${status}`)
} catch (error) {
  process.stderr.write(`${error.cause?.message ?? error.message}\n`)
  process.exitCode = 1
}
