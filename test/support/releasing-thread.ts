// A thread that gives back the memory of its start again and again, as others do at the same time.
import { releaseStartupMemory } from '../../src/server/release-startup-memory.js'

for (let time = 0; time < 20; time++) releaseStartupMemory()
