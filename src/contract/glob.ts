// Glob matching by two pointers: `*` is any run of characters, everything else is itself. Linear in practice, never exponential.

const STAR = 0x2a

export function isGlob(pattern: string): boolean {
  return pattern.includes('*')
}

export function globMatches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let starAt = -1
  let resumeAt = 0
  while (t < text.length) {
    const code = p < pattern.length ? pattern.charCodeAt(p) : -1
    if (code === STAR) {
      starAt = p++
      resumeAt = t
    } else if (code === text.charCodeAt(t)) {
      p++
      t++
    } else if (starAt >= 0) {
      // Give the last star one more character and try again from behind it.
      p = starAt + 1
      t = ++resumeAt
    } else {
      return false
    }
  }
  while (p < pattern.length && pattern.charCodeAt(p) === STAR) p++
  return p === pattern.length
}
