// RFC 3339 times: what is one, what is none, and the nanosecond each means.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatTimestamp, TIMESTAMP_MAX } from './event-id.js'
import { parseTime, timeFault } from './rfc3339.js'

describe('a time', () => {
  it.each<[string, bigint]>([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2026-01-01T00:00:00Z', 1_767_225_600_000_000_000n],
    ['2026-01-01T01:30:00+01:30', 1_767_225_600_000_000_000n],
    ['2025-12-31T19:00:00-05:00', 1_767_225_600_000_000_000n],
    ['2026-01-01t00:00:00z', 1_767_225_600_000_000_000n],
    ['2026-01-01T00:00:00-00:00', 1_767_225_600_000_000_000n],
    ['2026-01-01T00:00:00.5Z', 1_767_225_600_500_000_000n],
    ['2026-01-01T00:00:00.1234567899Z', 1_767_225_600_123_456_789n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
    ['2000-02-29T00:00:00Z', 951_782_400_000_000_000n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000_000n],
    ['1990-12-31T15:59:60-08:00', 662_688_000_000_000_000n],
    ['0000-01-01T00:00:00Z', -62_167_219_200_000_000_000n],
    ['0099-12-31T23:59:59Z', -59_011_459_201_000_000_000n],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799_999_999_999n],
  ])('%s is %p ns', (text, ns) => {
    expect(timeFault(text)).toBeUndefined()
    expect(parseTime(text)).toBe(ns)
  })

  it.each([
    '',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-1-1T00:00:00Z',
    '26-01-01T00:00:00Z',
    '+2026-01-01T00:00:00Z',
    '12026-01-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T12:00:60Z',
    '2026-01-15T23:59:60Z',
    '2016-12-31T23:59:60+01:00',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T00:00:00Z ',
    '2026-01-01T00:00:00Z\n',
    '٢٠٢٦-01-01T00:00:00Z',
    `2026-01-01T00:00:00.${'0'.repeat(60)}Z`,
    'x'.repeat(1_000_000),
  ])('%.40s is none', text => {
    expect(timeFault(text)).toBeDefined()
    expect(() => parseTime(text)).toThrow(RangeError)
  })

  it('is read back as the nanosecond it was written from', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: TIMESTAMP_MAX }), ns => {
        expect(parseTime(formatTimestamp(ns))).toBe(ns)
      }),
    )
  })

  it('agrees with the calendar of the machine', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
        expect(parseTime(date.toISOString())).toBe(BigInt(date.getTime()) * 1_000_000n)
      }),
    )
  })
})
