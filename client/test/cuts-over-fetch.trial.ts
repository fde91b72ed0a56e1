// Connections that break in the middle of everything, once more by fetch: as the client sends where it is not Node.
process.env['CLIENT_OVER'] = 'fetch'

// Under another name, because the specs themselves may have been loaded before.
const anew = `?over-fetch-${Date.now()}`
await import(`./cuts.spec.ts${anew}`)
