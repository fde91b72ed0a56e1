// Finds what the server may not use in its data directory: the exact file, whose it is, what is needed, what mends it.
import { readdirSync, type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface PermissionFault {
  readonly path: string
  /** As `chmod` takes it. */
  readonly mode: string
  readonly owner: string
  readonly needs: string
  /** Mends this file, and all below it where the owner is another one. */
  readonly command: string
}

/** Who uses the files: the effective user and the groups of this process. */
export interface FileUser {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

const FOLDERS = ['.', 'segments', 'archive', 'quarantine', 'snapshots']
const FACTS = ['LOCK', 'CURRENT', 'FLOOR', 'RESERVE', 'DAMAGE', 'ACCEPTED', 'EXITS', 'ALERTS']

/** undefined where the system has no such users. */
export function fileUser(): FileUser | undefined {
  const { geteuid, getegid, getgroups } = process
  if (geteuid === undefined || getegid === undefined || getgroups === undefined) return undefined
  return { uid: geteuid(), gid: getegid(), groups: getgroups() }
}

/** Looks at the folders and the small files alone, and holds up nobody: for a server that runs. */
export async function permissionFaultsOf(directory: string, user = fileUser()): Promise<PermissionFault[]> {
  const faults: PermissionFault[] = []
  for (const name of [...FOLDERS, ...FACTS]) {
    const path = join(directory, name)
    const fault = faultOf(path, await stat(path).catch(() => undefined), user)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

/** Looks at every file, until the first that is at fault: for a start that is refused anyway. */
export function firstPermissionFault(directory: string, user = fileUser()): PermissionFault | undefined {
  for (const folder of FOLDERS) {
    const place = join(directory, folder)
    const within = faultOf(place, statOf(place), user)
    if (within !== undefined) return within
    for (const name of namesIn(place)) {
      const path = join(place, name)
      const fault = faultOf(path, statOf(path), user)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** By the bits of the mode, as the system reads them: the first class that fits decides, and root may everything. */
function faultOf(path: string, stats: Stats | undefined, user: FileUser | undefined): PermissionFault | undefined {
  if (stats === undefined || user === undefined || user.uid === 0) return undefined
  const isOwner = stats.uid === user.uid
  const isInGroup = stats.gid === user.gid || user.groups.includes(stats.gid)
  const shift = isOwner ? 6 : isInGroup ? 3 : 0
  const needed = stats.isDirectory() ? 0o7 : 0o6
  if (((stats.mode >> shift) & needed) === needed) return undefined
  const all = stats.isDirectory() ? ' -R' : ''
  const quoted = `'${path.replaceAll("'", `'\\''`)}'`
  return {
    path,
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: `${stats.uid}:${stats.gid}`,
    needs: `${stats.isDirectory() ? 'rwx' : 'rw'} for user ${user.uid}`,
    command: isOwner ? `chmod u+rwX ${quoted}` : `sudo chown${all} ${user.uid}:${user.gid} ${quoted}`,
  }
}
