// What machine the figures come from.
import { readFileSync, statfsSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { fileSystemName } from '../../src/backends/embedded/engine/disk/file-system-name.js'

export interface MachineFacts {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly fileSystem: string
  readonly node: string
  /** Averages over 1, 5 and 15 minutes when the run began: above the number of cores, others were at work too. */
  readonly load: readonly number[]
}

export function machineFacts(directory: string): MachineFacts {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: `${process.platform} ${release()}`,
    fileSystem: fileSystemName(statfsSync(directory).type) ?? 'unknown',
    node: process.version,
    load: loadavg(),
  }
}

/** Bytes of this process that are in memory. */
export function residentBytes(): number {
  return process.memoryUsage.rss()
}

/** CPU time stolen from everybody by the host, and by other processes here, shows as load: printed beside the figures. */
export function loadNow(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ')
  } catch {
    return loadavg()
      .map(load => load.toFixed(2))
      .join(' ')
  }
}
