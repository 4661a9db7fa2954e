import Base
import Fetch
import HTTP
import Reactor

/// The simulated tracker as a real HTTP server on loopback: Keitaro's Admin API, and below `/sandbox/` the controls for faults.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
package final class KeitaroSandbox: @unchecked Sendable {
    /// For who compares; on the loop's thread only.
    package let world: KeitaroWorld
    private let loop: EventLoop
    /// Where pushed shares are kept over a restart; nil keeps them in memory.
    private let file: String?
    private var faults: [KeitaroFault] = []
    private var requests: [String] = []
    private var server: Server?
    private var sender: KeitaroPostbackSender?

    /// - Parameters:
    ///   - file: restored from when it is there. One that can't be restored, say of an older version, starts anew.
    ///   - secondsPerConversion: how often one comes.
    package init(
        seed: UInt64, loop: EventLoop, file: String?, log: Logger, secondsPerConversion: Int64 = 10,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.loop = loop
        self.file = file
        let kept = file.flatMap { try? FileSystem.read($0, limit: 64 << 20) }.flatMap { try? JSON(parsing: $0) }
        let asOf = kept?["as_of"]?.intValue.map { CivilDate(daysSince1970: Int(clamping: $0)) } ?? now().date
        world = KeitaroWorld(seed: seed, asOf: asOf, secondsPerConversion: secondsPerConversion, now: now)
        if let changes = kept?["changes"] {
            do {
                try world.restore(changedStreams: changes)
            } catch {
                log.warning("the simulated tracker starts anew", ["reason": error.reason])
            }
        }
    }

    /// Port 0 asks for a free one.
    /// - Throws: `SystemError` when the port is taken.
    package func start(port: UInt16, log: Logger) throws(SystemError) -> UInt16 {
        let application = Application(routes: routes, log: log)
        let server = try Server(host: "127.0.0.1", port: port, loops: [loop], application: application, log: log)
        self.server = server
        return server.port
    }

    /// Sends the S2S postbacks that are installed in it, from now on, and only to this machine.
    /// - Parameter receiver: the desk's public address, and the one on loopback by which it is reached.
    package func startPosting(through fetch: Fetch, receiver: KeitaroPostbackSender.Receiver?, log: Logger) {
        let sender = KeitaroPostbackSender(world: world, fetch: fetch, receiver: receiver, loop: loop, log: log)
        loop.execute { [self] in
            self.sender = sender
            sender.start()
        }
    }

    package func stop() async {
        await Task(executorPreference: loop) { [self] in await sender?.stop() }.value
        await server?.stop(within: .milliseconds(200))
    }

    // MARK: Routes

    private var routes: [Route] {
        let api = "/admin_api/v1"
        return [
            route(.get, "\(api)/campaigns") { [self] request, key in
                let query = try request.query()
                return world.listCampaigns(
                    key: key, limit: query["limit"].flatMap { Int($0) }, offset: query["offset"].flatMap { Int($0) })
            },
            route(.get, "\(api)/campaigns/deleted") { [self] _, key in world.listDeletedCampaigns(key: key) },
            route(.get, "\(api)/campaigns/{id:int}") { [self] request, key in
                world.campaign(try request.int("id"), key: key)
            },
            route(.put, "\(api)/campaigns/{id:int}") { [self] request, key in
                let answer = world.putCampaign(try request.int("id"), body: try request.json(), key: key)
                try keepChanges()
                return answer
            },
            route(.get, "\(api)/campaigns/{id:int}/streams") { [self] request, key in
                world.listStreams(ofCampaign: try request.int("id"), key: key)
            },
            route(.get, "\(api)/streams/{id:int}") { [self] request, key in
                world.stream(try request.int("id"), key: key)
            },
            route(.put, "\(api)/streams/{id:int}") { [self] request, key in
                let answer = world.putStream(try request.int("id"), body: try request.json(), key: key)
                try keepChanges()
                return answer
            },
            route(.get, "\(api)/offers") { [self] _, key in world.listOffers(key: key) },
            route(.get, "\(api)/groups") { [self] request, key in
                world.listGroups(type: try request.query()["type"], key: key)
            },
            route(.get, "\(api)/affiliate_networks") { [self] _, key in world.listAffiliateNetworks(key: key) },
            route(.get, "\(api)/landing_pages") { [self] _, key in world.listLandings(key: key) },
            route(.get, "\(api)/traffic_sources") { [self] _, key in world.listTrafficSources(key: key) },
            route(.get, "\(api)/traffic_sources/{id:int}") { [self] request, key in
                world.trafficSource(try request.int("id"), key: key)
            },
            route(.put, "\(api)/traffic_sources/{id:int}") { [self] request, key in
                let answer = world.putTrafficSource(try request.int("id"), body: try request.json(), key: key)
                try keepChanges()
                return answer
            },
            route(.get, "\(api)/users") { [self] _, key in world.listUsers(key: key) },
            route(.post, "\(api)/report/build") { [self] request, key in
                world.report(try request.json(), key: key)
            },
            route(.post, "\(api)/conversions/log") { [self] request, key in
                world.conversionLog(try request.json(), key: key)
            },
            control(.get, "/sandbox/postbacks", "Postbacks sent, newest first") { [self] _ in
                .json(["postbacks": .array(sender?.sent.reversed().map(\.json) ?? [])])
            },
            control(.post, "/sandbox/faults", "Adds a fault") { [self] request in
                faults.append(try KeitaroFault(try request.json()))
                return .json(["faults": .integer(Int64(faults.count))])
            },
            control(.delete, "/sandbox/faults", "Ends all faults") { [self] _ in
                faults = []
                return .json(["faults": 0])
            },
            control(.get, "/sandbox/requests", "Requests received, oldest first") { [self] _ in
                .json(["requests": .array(requests.map { .string($0) })])
            },
            control(.put, "/sandbox/settings", "Dialect and number form") { [self] request in
                let json = try request.json()
                if let dialect = json["dialect"]?.stringValue.flatMap({ KeitaroDialect(rawValue: $0) }) {
                    world.dialect = dialect
                }
                if let asStrings = json["numbers_as_strings"]?.boolValue { world.sendsNumbersAsStrings = asStrings }
                return .json(["dialect": .string(world.dialect.rawValue)])
            },
        ]
    }

    private func control(
        _ method: HTTP.Method, _ pattern: String, _ summary: String,
        _ handler: @escaping @Sendable (Request) throws -> Response
    ) -> Route {
        Route(method, pattern, access: .anyone, summary: summary) { try handler($0) }
    }

    private func route(
        _ method: HTTP.Method, _ pattern: String,
        _ answer: @escaping @Sendable (Request, _ key: String?) throws -> KeitaroAnswer
    ) -> Route {
        Route(method, pattern, access: .anyone, summary: "Keitaro's Admin API", bodyLimit: 4 << 20) { [self] request in
            note(request)
            let fault = takeFault(request)
            if let fault {
                if fault.isAfter { _ = try answer(request, Self.key(request)) }
                if fault.milliseconds > 0 { await loop.sleep(for: .milliseconds(fault.milliseconds)) }
                if let response = fault.response { return response }
                if fault.isAfter { return Response(.ok) }
            }
            return Self.response(try answer(request, Self.key(request)))
        }
    }

    private func note(_ request: Request) {
        requests.append("\(request.method.rawValue) \(request.rawPath)")
        if requests.count > 1000 { requests.removeFirst(500) }
    }

    private func takeFault(_ request: Request) -> KeitaroFault? {
        guard let index = faults.firstIndex(where: { $0.fits(request.method.rawValue, request.rawPath) }) else {
            return nil
        }
        let fault = faults[index]
        faults[index].times -= 1
        if faults[index].times <= 0 { faults.remove(at: index) }
        return fault
    }

    /// `Api-Key`, or a bearer token (reference/keitaro.md §1.1).
    private static func key(_ request: Request) -> String? {
        if let key = request.header("api-key") { return key }
        return request.header("authorization").flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    }

    private static func response(_ answer: KeitaroAnswer) -> Response {
        let status = Status(answer.status, "Keitaro")
        return switch answer.body {
        case .json(let json): .json(json, status: status)
        case .text(let text): .text(text, status: status)
        }
    }

    private func keepChanges() throws {
        guard let file else { return }
        let kept: JSON = ["as_of": .integer(Int64(world.asOf.daysSince1970)), "changes": world.changedStreams]
        try FileSystem.write(kept.bytes, to: file)
    }
}
