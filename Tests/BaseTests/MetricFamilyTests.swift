import Base
import Testing

@Suite struct MetricFamilyTests {
    @Test func `families are written as Prometheus reads them`() {
        let text = MetricFamily.text([
            MetricFamily("up", .gauge, help: "Whether it is up.", 1), MetricFamily("none", .counter, help: "", []),
            MetricFamily(
                "odd_total", .counter, help: "A \\ and\na line.",
                [.init(1.5, [("a", "x\"y\\z\n"), ("b", "й")]), .init(.infinity), .init(-.infinity), .init(.nan)]),
        ])
        #expect(
            text == """
                # HELP up Whether it is up.
                # TYPE up gauge
                up 1
                # HELP odd_total A \\\\ and\\na line.
                # TYPE odd_total counter
                odd_total{a="x\\"y\\\\z\\n",b="й"} 1.5
                odd_total +Inf
                odd_total -Inf
                odd_total NaN

                """)
    }

    @Test func `durations fall into the bucket whose bound they do not pass`() {
        let counts = Histogram()
        for nanoseconds in [0, 500_000, 500_001, 15_000_000_000, 15_000_000_001] as [Int64] {
            counts.add(nanoseconds)
        }
        let reading = counts.reading
        #expect(reading.count == 5 && reading.sum == 30_001_000_002)
        #expect(reading.buckets[0] == 2 && reading.buckets[1] == 1)
        #expect(reading.buckets.suffix(2) == [1, 1])
        let samples = (reading + reading).samples([("route", "/")])
        #expect(samples.first?.value == 4 && samples.first?.labels.last?.value == "0.0005")
        let last = samples.suffix(3)
        #expect(last.map(\.suffix) == ["_bucket", "_sum", "_count"] && last.first?.labels.last?.value == "+Inf")
        #expect(last.first?.value == 10 && last.last?.value == 10)
        #expect(samples.filter { $0.suffix == "_bucket" }.map(\.value).reduce((true, 0)) { ($0.0 && $0.1 <= $1, $1) }.0)
    }

    @Test func `additions from many threads are all counted`() async {
        let counts = Histogram()
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { counts.add(3) } } }
        }
        #expect(counts.reading.count == 80_000 && counts.reading.sum == 240_000)
    }

    @Test func `the process knows its memory, time and descriptors`() {
        let families = ProcessMetrics.families()
        #expect(
            families.map(\.name) == [
                "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
            ])
        for family in families { #expect((family.samples.first?.value ?? 0) > 0, "\(family.name)") }
        #expect((families.first?.samples.first?.value ?? 0) > 1_000_000)
    }

    @Test func `sources give what they have when asked, in their order`() async {
        let sources = MetricSources()
        sources.add { [MetricFamily("b", .gauge, help: "", 1)] }
        sources.add { [MetricFamily("a", .gauge, help: "", 1)] }
        #expect(await sources.families().map(\.name) == ["b", "a"])
    }

    @Test func `a part of the process registers its numbers in a line`() async {
        let sources = MetricSources()
        let rows = Histogram(.rows)
        let batches = Counter()
        sources.add { [rows.family("rows", help: "Rows."), batches.family("batches_total", help: "Batches.")] }
        for count in [1, 3, 5_000] as [Int64] {
            rows.add(count)
            batches.add()
        }
        let text = MetricFamily.text(await sources.families())
        for line in [
            "rows_bucket{le=\"1\"} 1", "rows_bucket{le=\"4\"} 2", "rows_bucket{le=\"1024\"} 2",
            "rows_bucket{le=\"+Inf\"} 3", "rows_sum 5004", "rows_count 3", "batches_total 3",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }
}
