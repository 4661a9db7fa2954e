/// The frozen route table: a tree of path parts, walked over bytes.
package struct Router: Sendable {
    enum Match {
        case route(Route, parameters: [(name: String, value: PathValue)])
        /// The path exists, the method doesn't.
        case methodNotAllowed(allowed: [Method])
        case notFound
    }

    private struct Node {
        var literals: [(part: [UInt8], node: Int)] = []
        var integer: (name: String, node: Int)?
        var text: (name: String, node: Int)?
        /// `{name*}`: the rest of the path, slashes included.
        var rest: (name: String, node: Int)?
        var routes: [Route] = []
    }

    private var nodes = [Node()]
    package let routes: [Route]

    /// Traps on two routes with the same method and pattern, and on two names for one part: mistakes of the program, found at start.
    package init(_ routes: [Route]) {
        self.routes = routes
        for route in routes { insert(route) }
    }

    private mutating func insert(_ route: Route) {
        var node = 0
        for part in route.pattern.split(separator: "/") {
            node = child(of: node, for: part)
        }
        precondition(
            !nodes[node].routes.contains { $0.method == route.method },
            "two routes answer \(route.method.rawValue) \(route.pattern)")
        nodes[node].routes.append(route)
    }

    private mutating func child(of node: Int, for part: Substring) -> Int {
        let new = nodes.count
        if part.hasPrefix("{"), part.hasSuffix("}") {
            let inner = part.dropFirst().dropLast()
            if inner.hasSuffix("*") {
                let name = String(inner.dropLast())
                precondition(nodes[node].rest == nil, "two routes take the rest of one path")
                nodes[node].rest = (name, new)
            } else if inner.hasSuffix(":int") {
                let name = String(inner.dropLast(4))
                if let known = nodes[node].integer {
                    precondition(known.name == name, "\(known.name) and \(name) name the same part")
                    return known.node
                }
                nodes[node].integer = (name, new)
            } else {
                let name = String(inner)
                if let known = nodes[node].text {
                    precondition(known.name == name, "\(known.name) and \(name) name the same part")
                    return known.node
                }
                nodes[node].text = (name, new)
            }
        } else {
            let bytes = Array(part.utf8)
            if let known = nodes[node].literals.first(where: { $0.part == bytes }) { return known.node }
            nodes[node].literals.append((bytes, new))
        }
        nodes.append(Node())
        return new
    }

    func match(_ method: Method, path: ArraySlice<UInt8>) -> Match {
        var parameters: [(name: String, value: PathValue)] = []
        // An absolute URL may have no path, which is the root (RFC 9112 §3.2.1).
        guard path.isEmpty || path.first == .slash, let found = find(path, from: path.startIndex, node: 0, &parameters)
        else {
            return .notFound
        }
        let routes = nodes[found].routes
        if let route = routes.first(where: { $0.method == method }) { return .route(route, parameters: parameters) }
        if method == .head, let route = routes.first(where: { $0.method == .get }) {
            return .route(route, parameters: parameters)
        }
        var allowed = routes.map(\.method)
        if allowed.contains(.get), !allowed.contains(.head) { allowed.append(.head) }
        if !allowed.contains(.options) { allowed.append(.options) }
        return .methodNotAllowed(allowed: allowed)
    }

    /// Literal parts win over integers, integers over text; a dead end is walked back from.
    private func find(
        _ path: ArraySlice<UInt8>, from start: Int, node: Int, _ parameters: inout [(name: String, value: PathValue)]
    ) -> Int? {
        var begin = start
        if begin < path.endIndex, path[begin] == .slash { begin += 1 }
        if begin >= path.endIndex { return nodes[node].routes.isEmpty ? nil : node }
        let end = path[begin...].firstIndex(of: .slash) ?? path.endIndex
        let part = path[begin..<end]
        guard !part.isEmpty else { return nil }
        for (literal, next) in nodes[node].literals where part.elementsEqual(literal) {
            if let found = find(path, from: end, node: next, &parameters) { return found }
        }
        if let (name, next) = nodes[node].integer, let value = Self.integer(part) {
            parameters.append((name, .integer(value)))
            if let found = find(path, from: end, node: next, &parameters) { return found }
            parameters.removeLast()
        }
        if let (name, next) = nodes[node].text, let value = PercentCoding.decode(part, plusIsSpace: false) {
            parameters.append((name, .text(value)))
            if let found = find(path, from: end, node: next, &parameters) { return found }
            parameters.removeLast()
        }
        if let (name, next) = nodes[node].rest, let value = PercentCoding.decode(path[begin...], plusIsSpace: false) {
            parameters.append((name, .text(value)))
            return next
        }
        return nil
    }

    private static func integer(_ part: ArraySlice<UInt8>) -> Int64? {
        guard part.count <= 19, part.allSatisfy(isDigit) else { return nil }
        return Int64(String(decoding: part, as: UTF8.self))
    }
}
