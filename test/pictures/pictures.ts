// Every picture of the documentation.
import { following, group, mode, projection } from './of-its-users.js'
import { append, event, lineage, log } from './of-the-log.js'

export const PICTURES = [log(), event(), append(), following(), group(), projection(), lineage(), mode()]
