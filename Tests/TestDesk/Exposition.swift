/// Prometheus' text format 0.0.4, read as strictly as its specification allows, and by its conventions for names.
package struct Exposition: Sendable {
    package struct Sample: Sendable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Family: Sendable {
        package let name: String
        package let type: String
        package var samples: [Sample] = []
    }

    package struct Fault: Error, Hashable, CustomStringConvertible {
        package let line: Int
        package let reason: String
        package var description: String { "line \(line): \(reason)" }
    }

    package private(set) var families: [Family] = []

    package subscript(_ name: String) -> Family? { families.first { $0.name == name } }

    /// The value of the one sample with these labels.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        families.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }

    package init(_ text: String) throws(Fault) {
        guard text.hasSuffix("\n") else { throw Fault(line: 0, reason: "the last line has no end") }
        var helped: String?
        var seen: Set<String> = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for (index, line) in lines.enumerated() {
            func fault(_ reason: String) -> Fault { Fault(line: index + 1, reason: reason) }
            if line.hasPrefix("# HELP ") {
                let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard words.count == 2, helped == nil else { throw fault("a HELP without text, or after another") }
                helped = String(words[0])
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                guard words.count == 2, words[0] == helped else { throw fault("a TYPE that no HELP came before") }
                guard ["counter", "gauge", "histogram"].contains(words[1]) else { throw fault("type \(words[1])") }
                guard Self.isName(words[0], colons: true) else { throw fault("name \(words[0])") }
                guard self[words[0]] == nil else { throw fault("\(words[0]) is there twice") }
                guard (words[1] == "counter") == words[0].hasSuffix("_total") else {
                    throw fault("counters, and nothing else, end with _total")
                }
                families.append(Family(name: words[0], type: words[1]))
                helped = nil
            } else {
                guard helped == nil, var family = families.popLast() else { throw fault("a sample without a family") }
                var reader = SampleReader(rest: line)
                guard let sample = reader.sample() else { throw fault("not a sample: \(line)") }
                guard Self.isMember(sample.name, of: family) else { throw fault("\(sample.name) in \(family.name)") }
                let key = "\(sample.name) \(sample.labels.sorted { $0.key < $1.key })"
                guard seen.insert(key).inserted else { throw fault("\(key) is there twice") }
                if family.type != "gauge", !(sample.value >= 0) { throw fault("a count of \(sample.value)") }
                family.samples.append(sample)
                families.append(family)
            }
        }
        guard helped == nil else { throw Fault(line: lines.count, reason: "a HELP at the end") }
        for family in families {
            guard !family.samples.isEmpty else { throw Fault(line: 0, reason: "\(family.name) has no samples") }
            if family.type == "histogram", let reason = Self.faultInBuckets(of: family) {
                throw Fault(line: 0, reason: "\(family.name): \(reason)")
            }
        }
    }

    private static func isMember(_ name: String, of family: Family) -> Bool {
        guard family.type == "histogram" else { return name == family.name }
        return ["_bucket", "_sum", "_count"].contains { name == family.name + $0 }
    }

    fileprivate static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
                || (colons && $0 == 0x3A)
        }
    }

    /// Per set of other labels: bounds rise, counts never fall, the last is +Inf and says what `_count` says, and there is a sum.
    private static func faultInBuckets(of family: Family) -> String? {
        var series: [[String: String]: [Sample]] = [:]
        for sample in family.samples {
            var labels = sample.labels
            let bound = labels.removeValue(forKey: "le")
            guard (bound != nil) == sample.name.hasSuffix("_bucket") else { return "le belongs to buckets" }
            series[labels, default: []].append(sample)
        }
        for samples in series.values {
            let buckets = samples.filter { $0.name.hasSuffix("_bucket") }
            var previous = (bound: -Double.infinity, count: 0.0)
            for bucket in buckets {
                guard let bound = bucket.labels["le"].flatMap(SampleReader.number), bound > previous.bound else {
                    return "bounds rise"
                }
                guard bucket.value >= previous.count else { return "counts never fall" }
                previous = (bound, bucket.value)
            }
            guard previous.bound == .infinity else { return "the last bucket is +Inf" }
            guard samples.first(where: { $0.name.hasSuffix("_count") })?.value == previous.count else {
                return "_count is the last bucket"
            }
            guard samples.contains(where: { $0.name.hasSuffix("_sum") }) else { return "no sum" }
        }
        return nil
    }
}

/// Cuts one line `name{label="value",…} number`.
private struct SampleReader {
    var rest: Substring

    mutating func sample() -> Exposition.Sample? {
        let name = String(take { $0 != "{" && $0 != " " })
        guard Exposition.isName(name, colons: true) else { return nil }
        var labels: [String: String] = [:]
        if skip("{") {
            repeat {
                let label = String(take { $0 != "=" })
                guard Exposition.isName(label, colons: false), !label.hasPrefix("__"), skip("="), skip("\"") else {
                    return nil
                }
                guard let value = quoted(), labels.updateValue(value, forKey: label) == nil else { return nil }
            } while skip(",")
            guard skip("}") else { return nil }
        }
        guard skip(" "), let value = Self.number(String(rest)) else { return nil }
        return Exposition.Sample(name: name, labels: labels, value: value)
    }

    static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) } ? Double(text) : nil
        }
    }

    private mutating func take(while isPart: (Character) -> Bool) -> Substring {
        let part = rest.prefix(while: isPart)
        rest = rest[part.endIndex...]
        return part
    }

    private mutating func skip(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Up to the closing quote; only backslash, quote and line end are escaped.
    private mutating func quoted() -> String? {
        var text = ""
        while let next = rest.popFirst() {
            switch next {
            case "\"": return text
            case "\\":
                switch rest.popFirst() {
                case "\\": text.append("\\")
                case "\"": text.append("\"")
                case "n": text.append("\n")
                default: return nil
                }
            default: text.append(next)
            }
        }
        return nil
    }
}
