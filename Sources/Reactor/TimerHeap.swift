/// Names one scheduled timer; valid until it fires or is cancelled, harmless afterwards.
package struct TimerID: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// Timers ordered by deadline, then by the order they were added. Pure: time comes in as a value.
///
/// A cancelled timer leaves its entry in the heap until its deadline passes. When the dead outnumber the living the heap is rebuilt,
/// so a busy loop that always cancels (one deadline per query) stays bounded.
struct TimerHeap {
    private struct Entry {
        let deadline: MonotonicTime
        let number: UInt64

        func isBefore(_ other: Entry) -> Bool {
            deadline == other.deadline ? number < other.number : deadline < other.deadline
        }
    }

    private var entries: [Entry] = []
    private var actions: [UInt64: () -> Void] = [:]
    private var next: UInt64 = 1

    var isEmpty: Bool { actions.isEmpty }
    var count: Int { actions.count }

    /// The deadline to sleep until; may belong to a cancelled timer, which costs one early wake-up.
    var earliest: MonotonicTime? { entries.first?.deadline }

    mutating func add(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        let entry = Entry(deadline: deadline, number: next)
        next += 1
        actions[entry.number] = action
        entries.append(entry)
        siftUp(from: entries.count - 1)
        return TimerID(number: entry.number)
    }

    mutating func cancel(_ timer: TimerID) {
        guard actions.removeValue(forKey: timer.number) != nil else { return }
        if entries.count > 64, entries.count > actions.count * 2 { rebuild() }
    }

    /// Takes the earliest action whose deadline has passed, or nil.
    mutating func popDue(now: MonotonicTime) -> (() -> Void)? {
        while let first = entries.first, first.deadline <= now {
            removeFirst()
            if let action = actions.removeValue(forKey: first.number) { return action }
        }
        return nil
    }

    private mutating func rebuild() {
        entries.removeAll { actions[$0.number] == nil }
        entries.sort { $0.isBefore($1) }
    }

    private mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        siftDown()
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].isBefore(entries[smallest]) {
                smallest = child
            }
            if smallest == parent { return }
            entries.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
