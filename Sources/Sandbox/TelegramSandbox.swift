import Base
import HTTP
import Reactor

/// The simulated Telegram as a real HTTP server on loopback: the Bot API, and below `/sandbox/` what a person with a phone does, and
/// the controls for faults.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
package final class TelegramSandbox: @unchecked Sendable {
    private var world: TelegramWorld
    private let loop: EventLoop
    private var faults: [TelegramFault] = []
    private var calls: [String] = []
    private var polls: [String: (number: Int, nap: Task<Void, Never>)] = [:]
    private var pollNumber = 0
    private var isStopping = false
    private var server: Server?

    /// - Parameters:
    ///   - bots: user names by token.
    ///   - chats: those the bots are in.
    ///   - hasLimits: whether too many messages are answered 429, as Telegram answers them.
    package init(bots: [String: String], chats: [SimulatedChat], hasLimits: Bool = true, loop: EventLoop) {
        world = TelegramWorld(bots: bots, chats: chats, firstUpdate: Timestamp.now().seconds)
        world.hasLimits = hasLimits
        self.loop = loop
    }

    /// Port 0 asks for a free one.
    /// - Throws: `SystemError` when the port is taken.
    package func start(port: UInt16, log: Logger) throws(SystemError) -> UInt16 {
        let server = try Server(
            host: "127.0.0.1", port: port, loops: [loop], application: Application(routes: routes, log: log), log: log)
        self.server = server
        return server.port
    }

    package func stop() async {
        await loop.spawn { [self] in
            isStopping = true
            for poll in polls.values { poll.nap.cancel() }
        }.value
        await server?.stop(within: .milliseconds(200))
    }

    // MARK: The phone (any thread)

    /// Runs on the sandbox's loop.
    private func here<Value: Sendable>(_ body: @escaping @Sendable (TelegramSandbox) -> Value) async -> Value {
        await Task(executorPreference: loop) { [self] in body(self) }.value
    }

    package func add(_ chat: SimulatedChat) async { await here { $0.world.add(chat) } }

    package func chat(_ id: Int64) async -> SimulatedChat? { await here { $0.world.chats[id] } }

    /// In the order of their newest message; those that became others are left out.
    package func chats() async -> [SimulatedChat] {
        await here { sandbox in
            sandbox.world.chats.values.filter { $0.migratedTo == nil }.sorted {
                ($0.messages.last?.at.microseconds ?? 0, $0.id) > ($1.messages.last?.at.microseconds ?? 0, $1.id)
            }
        }
    }

    /// How often a limit was passed.
    package func floods() async -> Int { await here { $0.world.floods } }

    /// Methods called, oldest first.
    package func called() async -> [String] { await here { $0.calls } }

    package func commands(language: String = "") async -> [String] {
        await here { sandbox in
            (sandbox.world.bots.values.first?.commands[language] ?? []).compactMap { $0["command"]?.stringValue }
        }
    }

    package func play(_ fault: TelegramFault) async { await here { $0.faults.append(fault) } }
    package func endFaults() async { await here { $0.faults = [] } }

    /// From now on somebody else writes and presses.
    package func handPhone(to id: Int64, name: String, language: String = "uk") async {
        await here { $0.world.owner = TelegramWorld.Person(id: id, name: name, language: language) }
    }

    /// False: there is no such chat.
    @discardableResult
    package func say(_ text: String, in chat: Int64, topic: Int64? = nil) async -> Bool {
        await here { $0.waking { $0.say(text, in: chat, topic: topic, now: .now()) } }
    }

    /// False: the message has no such button.
    @discardableResult
    package func press(_ data: String, message: Int64, in chat: Int64) async -> Bool {
        await here { $0.waking { $0.press(data, message: message, in: chat) } }
    }

    package func setState(_ state: SimulatedChat.State, of chat: Int64) async {
        await here { $0.waking { $0.setState(state, of: chat) } }
    }

    package func setTopic(_ topic: Int64, of chat: Int64, isOpen: Bool) async {
        await here { $0.world.setTopic(topic, of: chat, isOpen: isOpen) }
    }

    /// - Returns: the supergroup's number.
    @discardableResult
    package func migrate(_ chat: Int64, isAnnounced: Bool = false) async -> Int64? {
        await here { $0.waking { $0.migrate(chat, isAnnounced: isAnnounced, now: .now()) } }
    }

    package func read(_ chat: Int64) async { await here { $0.world.read(chat) } }

    package func renumberUpdates(from first: Int64) async { await here { $0.world.renumberUpdates(from: first) } }

    /// The chat got messages so long ago, for the limits.
    package func noteSends(to chat: Int64, ago: [Duration]) async {
        await here { sandbox in
            let now = MonotonicTime.now().nanoseconds / 1_000_000
            sandbox.world.noteSends(to: chat, at: ago.map { now - $0.components.seconds * 1000 })
        }
    }

    /// Changes the world and wakes whoever waits for updates.
    private func waking<Value>(_ change: (inout TelegramWorld) -> Value) -> Value {
        let value = change(&world)
        for poll in polls.values { poll.nap.cancel() }
        return value
    }

    // MARK: Routes

    private var routes: [Route] {
        [
            Route(.post, "/{bot}/{method}", access: .anyone, summary: "The Bot API", bodyLimit: 1 << 20) {
                [self] in try await call($0)
            },
            Route(.get, "/{bot}/{method}", access: .anyone, summary: "The Bot API") { [self] in try await call($0) },
            Route(.post, "/sandbox/faults/", access: .anyone, summary: "Adds a fault") { [self] request in
                let fault = try TelegramFault(try request.json())
                await play(fault)
                return .json(["fault": .string(fault.kind.rawValue)])
            },
            Route(.delete, "/sandbox/faults/", access: .anyone, summary: "Ends all faults") { [self] _ in
                await endFaults()
                return .json(["faults": 0])
            },
        ] + phoneRoutes(below: "/sandbox/telegram", access: .anyone)
    }

    /// The phone in JSON, for this server and for a page of the desk.
    package func phoneRoutes(below path: String, access: Access) -> [Route] {
        func route(
            _ method: HTTP.Method, _ rest: String, _ summary: String,
            _ handler: @escaping @Sendable (Request) async throws -> JSON
        ) -> Route {
            Route(method, "\(path)\(rest)", access: access, summary: summary) { .json(try await handler($0)) }
        }
        return [
            route(.get, "/chats/", "Chats of the simulated phone") { [self] _ in
                ["chats": .array(await chats().map { TelegramPhone.row($0) })]
            },
            route(.get, "/chats/{chat}/", "One chat of the simulated phone") { [self] request in
                let id = try Self.chat(request)
                guard let chat = await chat(id) else { throw HTTPError(.notFound) }
                await read(id)
                return TelegramPhone.chat(chat)
            },
            route(.post, "/chats/{chat}/messages/", "Writes to the bot") { [self] request in
                let json = try request.json()
                let text = json["text"]?.stringValue ?? ""
                guard await say(text, in: try Self.chat(request), topic: json["topic"]?.intValue) else {
                    throw HTTPError.field("text", "There is no such chat, or no text.")
                }
                return ["said": true]
            },
            route(.post, "/chats/{chat}/presses/", "Presses a button") { [self] request in
                let json = try request.json()
                guard
                    await press(
                        json["data"]?.stringValue ?? "", message: json["message"]?.intValue ?? 0,
                        in: try Self.chat(request))
                else { throw HTTPError.field("data", "The message has no such button.") }
                return ["pressed": true]
            },
            route(.post, "/chats/{chat}/state/", "Blocks, removes, or lets the bot in again") { [self] request in
                let json = try request.json()
                let id = try Self.chat(request)
                if json["state"]?.stringValue == "migrated" {
                    return ["chat": await migrate(id, isAnnounced: true).map { .integer($0) } ?? .null]
                }
                guard let state = json["state"]?.stringValue.flatMap({ SimulatedChat.State(rawValue: $0) }) else {
                    let known = SimulatedChat.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw HTTPError.field("state", "state is migrated, \(known).")
                }
                await setState(state, of: id)
                return ["state": .string(state.rawValue)]
            },
        ]
    }

    /// Groups have numbers below zero.
    private static func chat(_ request: Request) throws -> Int64 {
        guard let id = Int64(try request.text("chat")) else { throw HTTPError(.notFound) }
        return id
    }

    // MARK: The Bot API

    private func call(_ request: Request) async throws -> Response {
        let method = try request.text("method")
        let path = try request.text("bot")
        guard path.hasPrefix("bot") else { throw HTTPError(.notFound) }
        let token = String(path.dropFirst(3))
        let given = try Self.parameters(request)
        calls.append(method)
        if calls.count > 20_000 { calls.removeFirst(10_000) }
        if let fault = takeFault(method, given["chat_id"]?.intValue) {
            if fault.isAfter { _ = answer(method, given, token) }
            if fault.milliseconds > 0 { await loop.sleep(for: .milliseconds(fault.milliseconds)) }
            if let response = fault.response { return response }
            if fault.isAfter { return .json(["ok": true, "result": ["message_id": 1]]) }
        }
        if method.lowercased() == "getupdates" { return Self.response(await updates(given, token)) }
        return Self.response(answer(method, given, token))
    }

    private func answer(_ method: String, _ given: JSON, _ token: String) -> TelegramWorld.Reply {
        world.call(
            method, given, token: token, now: .now(), steady: MonotonicTime.now().nanoseconds / 1_000_000)
    }

    private static func parameters(_ request: Request) throws -> JSON {
        if request.contentType == "application/json" { return try request.json() }
        var json: JSON = [:]
        for (name, value) in try request.method == .get ? request.query().pairs : request.form().pairs {
            json[name] = Int64(value).map { .integer($0) } ?? .string(value)
        }
        return json
    }

    private static func response(_ reply: TelegramWorld.Reply) -> Response {
        var response = Response.json(reply.body, status: Status(reply.status, "Telegram"))
        if let seconds = reply.body["parameters"]?["retry_after"]?.intValue {
            response.add("Retry-After", "\(seconds)")
        }
        return response
    }

    /// Waits up to 50 s. Of two who wait with one token, the earlier is turned away.
    private func updates(_ given: JSON, _ token: String) async -> TelegramWorld.Reply {
        guard world.bots[token] != nil else { return .bad(401, "Unauthorized") }
        let offset = given["offset"]?.intValue ?? 0
        let limit = Int(clamping: given["limit"]?.intValue ?? 100)
        let end = MonotonicTime.now() + .seconds(min(max(given["timeout"]?.intValue ?? 0, 0), 50))
        pollNumber += 1
        let number = pollNumber
        polls.removeValue(forKey: token)?.nap.cancel()
        while true {
            let ready = world.updates(token: token, offset: offset, limit: limit)
            let left = end - MonotonicTime.now()
            if !ready.isEmpty || left <= .zero || isStopping {
                if polls[token]?.number == number { polls[token] = nil }
                return .good(.array(ready))
            }
            let loop = loop
            let nap = loop.spawn { await loop.sleep(for: left) }
            polls[token] = (number, nap)
            await nap.value
            guard polls[token]?.number == number else {
                return .bad(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            }
        }
    }

    private func takeFault(_ method: String, _ chat: Int64?) -> TelegramFault? {
        guard let index = faults.firstIndex(where: { $0.fits(method, chat) }) else { return nil }
        let fault = faults[index]
        faults[index].times -= 1
        if faults[index].times <= 0 { faults.remove(at: index) }
        return fault
    }
}
