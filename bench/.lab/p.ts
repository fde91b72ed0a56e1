import { Packr } from 'msgpackr'
import { prepareAppend } from '../../src/backends/embedded/append-request.js'
import { PackWriter } from '../../src/backends/embedded/pack-writer.js'
import { checkAppendAround } from '../../src/contract/check-append.js'
import * as w from '../engine/workload.js'

const ev: any[] = w.makeEvents({ count: 2000, seed: 5 } as any)
const p = new Packr({ useRecords: false })
const pw = new PackWriter(Buffer.allocUnsafe(1 << 20))
function t(n: string, f: () => void, N = 60) {
  for (let i = 0; i < 10; i++) f()
  const q = performance.now()
  for (let i = 0; i < N; i++) f()
  console.log(n.padEnd(40), (((performance.now() - q) / N / ev.length) * 1000).toFixed(3), 'us')
}
const author = { agentId: 'agent-1' }
let objs = 0
const walk = (v: any) => {
  if (v && typeof v === 'object') {
    objs++
    for (const k in v) walk(v[k])
  }
}
for (const e of ev) walk(e.data)
console.log('objects per event', objs / ev.length)
console.log(JSON.stringify(ev[5]).slice(0, 1500))
for (let r = 0; r < 2; r++) {
  t('msgpackr pack', () => {
    for (const e of ev) p.pack(e.data)
  })
  t('PackWriter.object', () => {
    for (const e of ev) {
      pw.at = 0
      pw.object(e.data)
    }
  })
  t('ownKeys walk', () => {
    const g = (v: any) => {
      if (v && typeof v === 'object') {
        Reflect.ownKeys(v)
        for (const k in v) g(v[k])
      }
    }
    for (const e of ev) g(e.data)
  })
  t('walk', () => {
    const g = (v: any) => {
      if (v && typeof v === 'object') {
        for (const k in v) g(v[k])
      }
    }
    for (const e of ev) g(e.data)
  })
  t('around', () => {
    for (const e of ev) checkAppendAround({ events: [e], author })
  })
  t('around 100', () => {
    for (let i = 0; i < ev.length; i += 100) checkAppendAround({ events: ev.slice(i, i + 100), author })
  })
  t('prepare 1', () => {
    for (const e of ev) prepareAppend({ events: [e], author }, pw)
  })
  t('prepare 100', () => {
    for (let i = 0; i < ev.length; i += 100) prepareAppend({ events: ev.slice(i, i + 100), author }, pw)
  })
}
