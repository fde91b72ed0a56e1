// The settings for opening a store. Only these are loaded, so the commands run where no signing secret is at hand.
import { loadSome } from '../config/load-settings.js'
import type { StoreRules } from './export.js'

export function storeRules(): StoreRules {
  return loadSome(['nodeId', 'allowUnsafeFilesystem'], process.env)
}
