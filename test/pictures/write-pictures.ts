// Draws docs/pictures anew: npm run pictures. The change is then there to be seen and committed.
import { writeFileSync } from 'node:fs'
import { PICTURES } from './pictures.js'

for (const picture of PICTURES) writeFileSync(`docs/pictures/${picture.name}.svg`, picture.svg())
