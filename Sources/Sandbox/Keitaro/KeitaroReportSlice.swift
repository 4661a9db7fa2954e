import Base

extension KeitaroReportQuery {
    /// The parts of the range that have one label in every time dimension.
    struct Slice {
        let labels: [KeitaroDimension: JSON]
        var parts: [(from: Timestamp, until: Timestamp)]
    }

    /// In the order of time; the whole range is one slice when no time is asked for.
    func slices(since earliest: Timestamp, now: Timestamp) -> [Slice] {
        let end = min(until, now)
        var start = max(from, earliest)
        let times = dimensions.filter(\.isTime)
        guard !times.isEmpty else { return [Slice(labels: [:], parts: [(start, end)])] }
        var slices: [Slice] = []
        var places: [[String]: Int] = [:]
        while start < end {
            let day = zone.date(at: start)
            var next = zone.moment(CivilDate(daysSince1970: day.daysSince1970 + 1))
            if times.contains(.hour) {
                let sinceHour = (start.seconds + zone.offset(at: start)) % 3_600
                next = Timestamp(seconds: start.seconds - sinceHour + 3_600)
            }
            let text = Timestamp(day).iso8601
            let labels = times.map { time in
                switch time {
                case .hour: String("0\(zone.hour(at: start))".suffix(2))
                case .month: String(text.prefix(7))
                default: String(text.prefix(10))
                }
            }
            let part = (from: start, until: min(next, end))
            if let place = places[labels] {
                slices[place].parts.append(part)
            } else {
                places[labels] = slices.count
                slices.append(
                    Slice(
                        labels: Dictionary(zip(times, labels.map { JSON.string($0) })) { first, _ in first },
                        parts: [part]))
            }
            start = next
        }
        return slices
    }
}
