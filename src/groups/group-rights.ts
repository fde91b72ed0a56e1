// Decides who may do what with a group: its owner, its consumers and operators; to others it does not exist. Pure.
import type { Access } from '../auth/access.js'
import { globMatches } from '../contract/glob.js'
import type { Definition } from './state/group-definition.js'

export type Rights = Pick<Definition, 'definedBy' | 'consumers'>

export function isOwner({ definedBy }: Rights, { agentId }: Access): boolean {
  return definedBy === agentId
}

/** Whether the caller may take from the group and settle its own deliveries. */
export function isConsumer(rights: Rights, access: Access): boolean {
  if (isOwner(rights, access)) return true
  const { agents = [], roles = [] } = rights.consumers ?? {}
  return roles.includes(access.role) || agents.some(pattern => globMatches(pattern, access.agentId))
}

export function manages(rights: Rights, access: Access): boolean {
  return isOwner(rights, access) || access.has('admin.write')
}

export function sees(rights: Rights, access: Access): boolean {
  return isConsumer(rights, access) || access.has('admin.write') || access.has('admin.read')
}
