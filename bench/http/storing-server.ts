// The least a durable append over HTTP costs here: Fastify with nothing but the store behind it. No token, no quota, no log, no metrics, no checks of its own.
import Fastify from 'fastify'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { NewEvent } from '../../src/contract/event.js'

const [port, directory = ''] = process.argv.slice(2)
const store = await openEmbedded({ directory, nodeId: 'bench' })
const server = Fastify({ bodyLimit: 16 * 1024 * 1024 })
server.get('/', async () => ({ ok: true }))
server.post('/v1/events', async (request, reply) => {
  const { events, duplicate, durability } = await store.append({
    events: [request.body as NewEvent],
    author: { agentId: 'bench' },
  })
  void reply.status(201)
  return { ...events[0], duplicate, durability }
})
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () =>
  server
    .close()
    .then(() => store.close())
    .then(() => process.exit(0)),
)
