import Testing

@testable import Reactor

struct TimerHeapTests {
    private func fire(_ heap: inout TimerHeap, upTo now: Int64) {
        while let action = heap.popDue(now: MonotonicTime(nanoseconds: now)) { action() }
    }

    @Test func `fires by deadline, and in the order of adding when deadlines are equal`() {
        var heap = TimerHeap()
        var fired: [Int] = []
        for (index, deadline) in [5, 3, 9, 3, 1, 5, 3].enumerated() {
            _ = heap.add(at: MonotonicTime(nanoseconds: Int64(deadline))) { fired.append(index) }
        }
        #expect(heap.earliest == MonotonicTime(nanoseconds: 1))
        fire(&heap, upTo: 100)
        #expect(fired == [4, 1, 3, 6, 0, 5, 2])
        #expect(heap.isEmpty)
        #expect(heap.earliest == nil)
    }

    @Test func `fires only what is due, the deadline itself included`() {
        var heap = TimerHeap()
        var fired: [Int64] = []
        for deadline: Int64 in [10, 20, 30] {
            _ = heap.add(at: MonotonicTime(nanoseconds: deadline)) { fired.append(deadline) }
        }
        fire(&heap, upTo: 9)
        #expect(fired == [])
        fire(&heap, upTo: 20)
        #expect(fired == [10, 20])
        #expect(heap.count == 1)
    }

    @Test func `a cancelled timer never fires, and cancelling again or too late is harmless`() {
        var heap = TimerHeap()
        var fired: [String] = []
        let first = heap.add(at: MonotonicTime(nanoseconds: 1)) { fired.append("first") }
        let second = heap.add(at: MonotonicTime(nanoseconds: 2)) { fired.append("second") }
        heap.cancel(first)
        heap.cancel(first)
        fire(&heap, upTo: 5)
        heap.cancel(second)
        #expect(fired == ["second"])
        #expect(heap.isEmpty)
    }

    @Test func `stays in order when many are cancelled and the heap is rebuilt`() {
        var generator = SystemRandomNumberGenerator()
        var heap = TimerHeap()
        var fired: [Int64] = []
        var timers: [(deadline: Int64, timer: TimerID)] = []
        for _ in 0..<1000 {
            let deadline = Int64.random(in: 0..<5000, using: &generator)
            let timer = heap.add(at: MonotonicTime(nanoseconds: deadline)) { fired.append(deadline) }
            timers.append((deadline, timer))
        }
        for index in 0..<1000 where index % 10 != 0 { heap.cancel(timers[index].timer) }
        #expect(heap.count == 100)
        fire(&heap, upTo: 5000)
        #expect(fired == stride(from: 0, to: 1000, by: 10).map { timers[$0].deadline }.sorted())
    }

    @Test func `a timer may be added for the moment that is being fired`() {
        var heap = TimerHeap()
        _ = heap.add(at: MonotonicTime(nanoseconds: 1)) {}
        let now = MonotonicTime(nanoseconds: 1)
        #expect(heap.popDue(now: now) != nil)
        _ = heap.add(at: now) {}
        #expect(heap.popDue(now: now) != nil)
        #expect(heap.popDue(now: now) == nil)
    }
}
