import Base

/// How often a route answered, with which class of status, and how long it took. Any thread.
final class RouteMeasure: Sendable {
    let route: String
    let method: String
    /// By status class, 1xx to 5xx.
    private let classes = (1...5).map { _ in Histogram() }

    init(route: String, method: String) {
        self.route = route
        self.method = method
    }

    func record(_ status: Status, nanoseconds: Int64) {
        classes[min(max(status.code / 100, 1), 5) - 1].add(nanoseconds)
    }

    private var labels: [(name: String, value: String)] { [("route", route), ("method", method)] }

    /// Routes that nobody has called yet have no samples.
    static func families(_ measures: [RouteMeasure]) -> [MetricFamily] {
        var requests = MetricFamily(
            "sluice_http_requests_total", .counter, help: "Answered requests by route, method and status class.", [])
        var durations = MetricFamily(
            "sluice_http_request_duration_seconds", .histogram,
            help: "From the request's head to its answer, before it is sent.", [])
        for measure in measures {
            let readings = measure.classes.map(\.reading)
            for (index, reading) in readings.enumerated() where reading.count > 0 {
                requests.samples.append(
                    .init(Double(reading.count), measure.labels + [("status", "\(index + 1)xx")]))
            }
            guard let first = readings.first, readings.contains(where: { $0.count > 0 }) else { continue }
            durations.samples += readings.dropFirst().reduce(first) { $0 + $1 }.samples(measure.labels)
        }
        return [requests, durations]
    }
}
