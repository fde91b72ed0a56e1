// Follows by the package `eventsource`, which comes back by itself; a line for each event: its position.
const [module, url, token] = process.argv.slice(2)
const { EventSource } = await import(module)
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
})
source.addEventListener('event', ({ data, lastEventId }) => {
  const { position } = JSON.parse(data).event
  process.stdout.write(`${position === Number(lastEventId) ? position : `${position} as ${lastEventId}`}\n`)
})
// Its timer for coming back keeps no process alive, as whatever else a program does would.
setInterval(() => undefined, 60_000)
source.addEventListener('error', ({ code }) => process.stderr.write(`${code ?? 'ended'}\n`))
