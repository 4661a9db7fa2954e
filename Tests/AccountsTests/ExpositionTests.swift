import Base
import TestDesk
import Testing

/// The reader that the tests of /metrics trust.
@Suite struct ExpositionTests {
    private static let head = "# HELP a_total A.\n# TYPE a_total counter\n"
    private static let histogram = "# HELP h H.\n# TYPE h histogram\n"

    @Test(arguments: [
        "a_total 1\n", "\(head)a_total 1", "\(head)", "\(head)b_total 1\n", "\(head)a_total\n", "\(head)a_total x\n",
        "\(head)a_total 1 \n", "\(head)\na_total 1\n", "\(head)a_total -1\n", "\(head)a_total NaN\n",
        "\(head)a_total 0x1p3\n", "\(head)a_total 1\na_total 2\n", "\(head)a_total{} 1\n",
        "\(head)a_total{b=\"1\",b=\"2\"} 1\n", "\(head)a_total{1b=\"1\"} 1\n", "\(head)a_total{__b=\"1\"} 1\n",
        "\(head)a_total{b=\"\\x\"} 1\n", "\(head)a_total{b=\"1} 1\n", "\(head)a_total{b=\"1\",} 1\n",
        "\(head)a_total{b=1} 1\n", "\(head)a_total 1\n\(head)a_total{b=\"\"} 1\n",
        "# TYPE a_total counter\na_total 1\n", "# HELP a_total\n# TYPE a_total counter\na_total 1\n",
        "# HELP a A.\n# TYPE a counter\na 1\n", "# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n",
        "# HELP a A.\n# TYPE a summary\na 1\n", "# HELP 1a A.\n# TYPE 1a gauge\n1a 1\n",
        "\(head)a_total 1\n# HELP b B.\n",
        "\(histogram)h 1\n", "\(histogram)h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        "\(histogram)h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "\(histogram)h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "\(histogram)h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n", "\(histogram)h_bucket{le=\"+Inf\"} 1\nh_count 1\n",
        "\(histogram)h_bucket 1\nh_sum 1\nh_count 1\n",
    ])
    func `what is not the format is refused`(text: String) {
        #expect(throws: Exposition.Fault.self) { try Exposition(text) }
    }

    @Test func `what the program writes is read back, odd labels and numbers too`() throws {
        let odd = "a\\b\"c\nd é"
        let counts = Histogram(.rows)
        for count in [1, 2, 3, 9_999] as [Int64] { counts.add(count) }
        let read = try Exposition(
            MetricFamily.text([
                MetricFamily("g", .gauge, help: "x\\y\nz", [.init(-0.25, [("l", odd)]), .init(.infinity)]),
                counts.family("h", help: "H."), Counter().family("c_total", help: "C."),
            ]))
        #expect(read.families.map(\.name) == ["g", "h", "c_total"] && read.families.map(\.type).first == "gauge")
        #expect(read.value("g", ["l": odd]) == -0.25 && read.value("g") == .infinity)
        #expect(read.value("h_bucket", ["le": "4"]) == 3 && read.value("h_count") == 4)
        #expect(read.value("c_total") == 0)
    }
}
