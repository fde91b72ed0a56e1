// What a page does with the client: appends over both ways, follows, and keeps a ledger of what it was told.
import { Lighthouse } from '@lighthouse/client'
import { Ledger } from '@lighthouse/client/testing'

const ledger = new Ledger()
const seen = []
let interruptions = 0
let lighthouse
let follow
let appender

const eventOf = ref => ({ type: 'Clicked', stream: 'page', data: { ref }, metadata: { ref } })

async function kept(ref, send) {
  ledger.begin(ref)
  ledger.acknowledge(ref, await send(eventOf(ref)))
}

window.page = {
  open(options) {
    lighthouse = new Lighthouse({ ...options, retry: { attempts: 100, firstDelayMs: 20, longestDelayMs: 200 } })
    appender = lighthouse.appender()
    follow = (async () => {
      const events = lighthouse.follow({ streams: 'page', after: 'start', onInterrupted: () => interruptions++ })
      for await (const event of events) {
        seen.push(event.position)
        if (event.type === 'Closed') return
      }
    })()
  },
  /** Over HTTP one after the other, over the socket all at once. */
  async append(name, count) {
    const refs = way => Array.from({ length: count }, (_, n) => `${name}-${way}-${n}`)
    const socket = refs('socket').map(ref => kept(ref, event => appender.append(event)))
    for (const ref of refs('http')) await kept(ref, event => lighthouse.append(event))
    await Promise.all(socket)
  },
  told: () => ({ acknowledged: ledger.acknowledgedCount, seen: seen.length, interruptions }),
  /** Ends the follow by an event of its own, and compares what was seen and what is stored with the ledger. */
  async close() {
    await lighthouse.append({ type: 'Closed', stream: 'page', data: {} })
    await follow
    await appender.close()
    const stored = []
    for await (const event of lighthouse.read({ streams: 'page' })) stored.push(event)
    const clicks = stored.filter(({ type }) => type === 'Clicked')
    const comparison = await ledger.compare(clicks)
    return { ...comparison, acknowledged: ledger.acknowledgedCount, seen, positions: stored.map(e => e.position) }
  },
  /** A socket of the page's own, opened with a ticket: what it is told first, and what becomes of the same ticket then. */
  async ticket(url) {
    const { ticket } = await lighthouse.ticket()
    const address = `${url.replace('http', 'ws')}/v1/stream?ticket=${ticket}`
    return [await firstOf(address), await firstOf(address)]
  },
}

function firstOf(address) {
  return new Promise(resolve => {
    const socket = new WebSocket(address)
    socket.onmessage = ({ data }) => {
      resolve(JSON.parse(data).type)
      socket.close()
    }
    socket.onerror = () => resolve('refused')
  })
}
