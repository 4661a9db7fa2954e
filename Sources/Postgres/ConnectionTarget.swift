import Base
import CPostgres
import Glibc
import Reactor

/// Where the database is and how a connection begins: libpq's parameters, from a URL. Names are looked up for each attempt, since
/// an address may change while the process runs.
struct ConnectionTarget: Sendable {
    struct Parameter: Hashable, Sendable {
        let keyword: String
        let value: String
    }

    private let parameters: [Parameter]
    /// Empty for a unix socket and for an address given as numbers.
    private let hosts: [String]
    private let ports: [String]

    /// - Parameter statementDeadline: the server stops a statement 5 s after it by itself, should we fail to.
    init(url: Secret, statementDeadline: Duration) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url.reveal(), &message) else {
            // libpq's message may quote the URL, and with it the password.
            PQfreemem(message)
            throw PostgresError(
                .misuse, "the database URL can't be read: it should be postgresql://user:password@host/name")
        }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let host = given["host"] ?? getenv("PGHOST").map { String(cString: $0) } ?? ""
        let isNamed = given["hostaddr"] == nil && !host.isEmpty
        hosts = isNamed ? host.split(separator: ",", omittingEmptySubsequences: false).map(String.init) : []
        ports = given["port"]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        guard ports.count <= 1 || ports.count == hosts.count || !isNamed else {
            throw PostgresError(.misuse, "the database URL has \(hosts.count) hosts but \(ports.count) ports")
        }
        let ours = Self.serverSettings(statementDeadline: statementDeadline)
        let settings = ours.map { "-c \($0)=\($1)" }.joined(separator: " ")
        given["options"] = given["options"].map { "\(settings) \($0)" } ?? settings
        let defaults = [
            "application_name": "sluice", "client_encoding": "UTF8",
            // Kerberos would ask the network, and wait for it, before the first byte.
            "gssencmode": "disable",
            // A silent network is noticed within a minute, not two hours.
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "20000",
        ]
        given.merge(defaults) { own, _ in own }
        parameters = given.map { Parameter(keyword: $0, value: $1) }.sorted { $0.keyword < $1.keyword }
    }

    /// What reading rows relies on, whatever the server's own configuration says.
    private static func serverSettings(statementDeadline: Duration) -> [(String, String)] {
        [
            ("TimeZone", "UTC"), ("DateStyle", "ISO"), ("IntervalStyle", "iso_8601"), ("bytea_output", "hex"),
            ("extra_float_digits", "1"), ("idle_in_transaction_session_timeout", "60000"),
            ("statement_timeout", String(Self.belt(for: statementDeadline))),
        ]
    }

    /// The server's own timeout for a statement with this deadline, in milliseconds.
    static func belt(for deadline: Duration) -> Int64 {
        let milliseconds = deadline.wholeNanoseconds / 1_000_000
        return min(milliseconds, 2_000_000_000) + 5_000
    }

    var needsLookup: Bool { hosts.contains { !Self.isSocket($0) } }

    /// The parameters for one attempt, every host name replaced by all of its addresses. May block: helper thread.
    func resolved() throws(PostgresError) -> [Parameter] {
        guard needsLookup else { return parameters }
        var names: [String] = []
        var addresses: [String] = []
        var places: [String] = []
        for (index, host) in hosts.enumerated() {
            let port = ports.count == 1 ? ports[0] : ports.indices.contains(index) ? ports[index] : ""
            for address in Self.isSocket(host) ? [""] : Self.addresses(of: host) {
                names.append(host)
                addresses.append(address)
                places.append(port)
            }
        }
        guard !names.isEmpty else {
            throw PostgresError(.connectionLost, "the database's host name \(hosts.joined(separator: ",")) is unknown")
        }
        return parameters.filter { !["host", "hostaddr", "port"].contains($0.keyword) } + [
            Parameter(keyword: "host", value: names.joined(separator: ",")),
            Parameter(keyword: "hostaddr", value: addresses.joined(separator: ",")),
            Parameter(keyword: "port", value: places.joined(separator: ",")),
        ]
    }

    /// A directory or an abstract name (libpq manual, "host").
    private static func isSocket(_ host: String) -> Bool {
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@")
    }

    private static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        var result: [String] = []
        var entry = found
        while let info = entry {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
            {
                result.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            entry = info.pointee.ai_next
        }
        return result
    }
}
