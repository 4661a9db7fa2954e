import Glibc

/// What the kernel says about this process, under the names that Prometheus' own clients use.
package enum ProcessMetrics {
    /// What can't be read is left out.
    package static func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        if let pages = residentPages() {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes", .gauge, help: "Resident memory.",
                    Double(pages) * Double(sysconf(Int32(_SC_PAGESIZE)))))
        }
        var time = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            families.append(
                MetricFamily(
                    "process_cpu_seconds_total", .counter, help: "Processor time, user and system.",
                    Double(time.tv_sec) + Double(time.tv_nsec) / 1e9))
        }
        if let names = try? FileSystem.list("/proc/self/fd") {
            families.append(
                MetricFamily("process_open_fds", .gauge, help: "Open descriptors.", Double(names.count)))
        }
        return families
    }

    /// The second number of /proc/self/statm (proc(5)).
    private static func residentPages() -> Int64? {
        guard let bytes = try? FileSystem.read("/proc/self/statm", limit: 4096) else { return nil }
        let numbers = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return numbers.count > 1 ? Int64(numbers[1]) : nil
    }
}
