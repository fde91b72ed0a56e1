// How much memory the process uses of what it may: of its container's limit, or else of its own heap.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getHeapStatistics } from 'node:v8'

export interface MemoryUse {
  readonly usedBytes: number
  readonly limitBytes: number
  readonly of: 'container' | 'heap'
}

/** The files of both versions of cgroups. The kernel takes back inactive pages of files first, so they are no use. */
const VERSIONS = [
  { used: 'memory.current', limit: 'memory.max', stat: 'memory.stat', inactive: 'inactive_file' },
  {
    used: 'memory/memory.usage_in_bytes',
    limit: 'memory/memory.limit_in_bytes',
    stat: 'memory/memory.stat',
    inactive: 'total_inactive_file',
  },
] as const

/** Version 1 says «no limit» by a number near the greatest of 64 bits. */
const NO_LIMIT = 2 ** 60

export async function memoryUse(root = '/sys/fs/cgroup'): Promise<MemoryUse> {
  for (const version of VERSIONS) {
    const found = await containerUse(root, version)
    if (found !== undefined) return found
  }
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics()
  return { usedBytes, limitBytes, of: 'heap' }
}

async function containerUse(root: string, version: (typeof VERSIONS)[number]): Promise<MemoryUse | undefined> {
  try {
    const [used, limit, stat] = await Promise.all(
      [version.used, version.limit, version.stat].map(name => readFile(join(root, name), 'utf8')),
    )
    const limitBytes = Number(limit)
    // A container without a limit says «max».
    if (!(limitBytes > 0 && limitBytes < NO_LIMIT)) return undefined
    const inactive = new RegExp(`^${version.inactive} (\\d+)$`, 'm').exec(stat as string)
    const usedBytes = Math.max(0, Number(used) - Number(inactive?.[1] ?? 0))
    return Number.isFinite(usedBytes) ? { usedBytes, limitBytes, of: 'container' } : undefined
  } catch {
    return undefined
  }
}
