// Conformance: an urgent append goes before all that waits, and is decided like any other.
import { describe, expect, it } from '@jest/globals'
import { an, codeOf, type World } from './vocabulary.js'

export function describeUrgent(world: World): void {
  describe('an urgent append', () => {
    it('is stored like any other, with the next position', async () => {
      await world.append(an('opened'))
      expect(await world.append(an('noted'), { urgent: true })).toMatchObject({ firstPosition: 2, duplicate: false })
      expect(await world.types()).toEqual(['opened', 'noted'])
    })

    it('conflicts and repeats like any other', async () => {
      const expectations = [{ stream: 'orders', expectedRevision: 'none' as const }]
      await world.append(an('noted'), { urgent: true, key: 'k', expectations })
      expect(await world.append(an('noted'), { urgent: true, key: 'k', expectations })).toMatchObject({
        duplicate: true,
      })
      expect(await codeOf(() => world.append(an('noted'), { urgent: true, expectations }))).toBe('REVISION_CONFLICT')
    })
  })
}
