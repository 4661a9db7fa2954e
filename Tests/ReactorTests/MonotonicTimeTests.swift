import Testing

@testable import Reactor

struct MonotonicTimeTests {
    @Test(arguments: [
        (Int64(5), Duration.nanoseconds(7), Int64(12)),
        (5, .seconds(-1), -999_999_995),
        (5, .seconds(Int64.max), .max),
        (.max, .nanoseconds(1), .max),
        (-5, .seconds(Int64.min), .min),
        (.min, .nanoseconds(-1), .min),
        (0, .seconds(Int64.min), .min),
    ])
    func `adding saturates at both ends`(start: Int64, change: Duration, end: Int64) {
        #expect((MonotonicTime(nanoseconds: start) + change).nanoseconds == end)
    }

    @Test(arguments: [
        (Int64(12), Int64(5), Int64(7)), (5, 12, -7), (.max, -1, .max), (.min, 1, .min), (.max, .max, 0),
    ])
    func `a difference saturates at both ends`(left: Int64, right: Int64, difference: Int64) {
        let duration = MonotonicTime(nanoseconds: left) - MonotonicTime(nanoseconds: right)
        #expect(duration.wholeNanoseconds == difference)
    }

    @Test(arguments: [
        (Duration.milliseconds(1.5), Int64(1_500_000)),
        (.nanoseconds(-1), -1),
        (.seconds(9_223_372_036) + .nanoseconds(854_775_807), .max),
        (.seconds(9_223_372_036) + .nanoseconds(854_775_808), .max),
        (.seconds(-9_223_372_037), .min),
        (Duration(secondsComponent: .max, attosecondsComponent: 0), .max),
        (Duration(secondsComponent: .min, attosecondsComponent: 0), .min),
    ])
    func `a duration is clamped to what the clock can hold`(duration: Duration, nanoseconds: Int64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    @Test func `the clock does not run backwards`() {
        var last = MonotonicTime.now()
        for _ in 0..<1000 {
            let now = MonotonicTime.now()
            #expect(now >= last)
            last = now
        }
    }
}
