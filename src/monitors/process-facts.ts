// What the kernel says of this process. Where it says nothing, as on systems other than Linux, a fact is left out.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Descriptors {
  readonly open: number
  readonly limit: number
}

export interface Traffic {
  readonly diskReadBytes?: number
  readonly diskWrittenBytes?: number
  readonly networkReceivedBytes?: number
  readonly networkSentBytes?: number
}

export async function descriptorsOf(proc = '/proc/self'): Promise<Descriptors | undefined> {
  try {
    const [open, limits] = await Promise.all([readdir(join(proc, 'fd')), readFile(join(proc, 'limits'), 'utf8')])
    // The soft limit is the one that is enforced. Looking at the folder opened one descriptor more.
    const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
    return limit > 0 ? { open: Math.max(0, open.length - 1), limit } : undefined
  } catch {
    return undefined
  }
}

/** Bytes since the process began, of the disk, and since the network's names began, of every interface but loopback. */
export async function trafficOf(proc = '/proc/self'): Promise<Traffic> {
  const [io, interfaces] = await Promise.all([textOf(join(proc, 'io')), textOf(join(proc, 'net/dev'))])
  return { ...diskTraffic(io), ...networkTraffic(interfaces) }
}

function diskTraffic(io: string | undefined): Traffic {
  if (io === undefined) return {}
  const figure = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1] ?? 0)
  return { diskReadBytes: figure('read_bytes'), diskWrittenBytes: figure('write_bytes') }
}

function networkTraffic(interfaces: string | undefined): Traffic {
  if (interfaces === undefined) return {}
  let received = 0
  let sent = 0
  for (const [, name, figures] of interfaces.matchAll(/^\s*([^\s:]+):\s*(.+)$/gm)) {
    if (name === 'lo') continue
    const columns = (figures as string).split(/\s+/).map(Number)
    received += columns[0] ?? 0
    sent += columns[8] ?? 0
  }
  return { networkReceivedBytes: received, networkSentBytes: sent }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}
