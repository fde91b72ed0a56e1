// What the client does over HTTP, once more by fetch: as it sends where it is not Node.
process.env['CLIENT_OVER'] = 'fetch'

// Under another name, because the specs themselves may have been loaded before.
const anew = `?over-fetch-${Date.now()}`
await import(`./http.spec.ts${anew}`)
