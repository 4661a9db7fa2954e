import Base
import Reactor

/// Routes behind middleware, and how problems are shown: everything between a parsed request and an answer. Without a
/// socket, so that tests call it directly.
package struct Application: Sendable {
    /// Turns a problem into an answer: a page for browsers, `application/problem+json` for programs.
    package typealias ProblemRenderer = @Sendable (HTTPError, Request) -> Response

    /// Says what another error means to the asker; nil for one nobody expected, which becomes a 500.
    package typealias ErrorReading = @Sendable (any Error, Request) -> HTTPError?

    private let router: Router
    private let chain: Handler
    private let problems: Problems
    /// Counts requests that no route answers.
    private let unmatched = RouteMeasure(route: "none", method: "any")

    /// - Parameter middleware: outermost first. It also sees requests that no route answers, so that those carry the same
    ///   headers and logs.
    package init(
        routes: [Route], middleware: [Middleware] = [], log: Logger,
        readError: @escaping ErrorReading = { _, _ in nil },
        renderProblem: @escaping ProblemRenderer = { error, request in error.problem(requestID: request.id) }
    ) {
        router = Router(
            routes.map { route in
                var route = route
                route.measure = RouteMeasure(route: route.path, method: route.method.rawValue)
                return route
            })
        let problems = Problems(log: log, read: readError, render: renderProblem)
        self.problems = problems
        // Built once; a request only calls it. Each layer's failure is answered below the next, which so covers it.
        var next: Handler = { request in
            await problems.answering(request) { try await Self.dispatch($0) }
        }
        for layer in middleware.reversed() {
            let inner = next
            next = { request in
                await problems.answering(request) { try await layer($0, inner) }
            }
        }
        chain = next
    }

    package var routes: [Route] { router.routes }

    /// The content limit for a head, known before its content is read.
    func bodyLimit(for head: RequestHead, default limit: Int) -> Int {
        if case .route(let route, _) = router.match(head.method, path: head.bytes[head.pathRange]) {
            return route.bodyLimit ?? limit
        }
        return limit
    }

    /// Whether the content goes to the handler as it comes.
    func streamsBody(of head: RequestHead) -> Bool {
        if case .route(let route, _) = router.match(head.method, path: head.bytes[head.pathRange]) {
            return route.streamsBody
        }
        return false
    }

    /// Whether it is for a probe, which is answered however much there is to do.
    func isBare(_ head: RequestHead) -> Bool {
        if case .route(let route, _) = router.match(head.method, path: head.bytes[head.pathRange]) {
            return route.isBare
        }
        return false
    }

    /// Never throws: every failure is an answer.
    package func respond(to request: Request) async -> Response {
        var response = await answer(request)
        if response.needsConcluding(for: request) { await response.conclude(for: request) }
        return response
    }

    /// The answer for a stream that failed before it began; middleware has returned, so the fields it gives are added here.
    func answer(to error: any Error, _ request: Request) async -> Response {
        var response = await problems.answering(request) { _ in throw error }
        SecurityHeaders.add(to: &response, for: request)
        return response
    }

    /// A stream that failed in the middle can only be cut; this is its trace.
    func reportCut(_ error: any Error, _ request: Request) {
        problems.log.error(
            "an answer was cut",
            ["request_id": request.id, "path": request.rawPath, "error": String(reflecting: error)])
    }

    private func answer(_ request: Request) async -> Response {
        let match = router.match(request.head.method, path: request.head.bytes[request.head.pathRange])
        request.match = match
        if case .route(let route, let parameters) = match {
            request.parameters = parameters
            // The chain answers its own failures, and adds the fields that every answer carries.
            var response = await problems.answering(request, route.isBare ? route.handler : chain)
            if route.isBare, response.renderedFields == nil { SecurityHeaders.add(to: &response, for: request) }
            (route.measure ?? unmatched).record(response.status, nanoseconds: Self.age(of: request))
            return response
        }
        let response = await problems.answering(request, chain)
        unmatched.record(response.status, nanoseconds: Self.age(of: request))
        return response
    }

    private static func age(of request: Request) -> Int64 {
        max((MonotonicTime.now() - request.startedAt).wholeNanoseconds, 0)
    }

    /// What its routes have answered so far.
    package var metrics: [MetricFamily] {
        RouteMeasure.families(router.routes.compactMap(\.measure) + [unmatched])
    }

    private static func dispatch(_ request: Request) async throws -> Response {
        switch request.match {
        case .route(let route, _):
            // After the middleware: a stranger is turned away without a word on what was wrong.
            try route.description?.check(request)
            return try await route.handler(request)
        case .methodNotAllowed(let allowed):
            let allow = ("Allow", allowed.map(\.rawValue).joined(separator: ", "))
            if request.method == .options { return Response(.noContent, headers: [allow]) }
            throw HTTPError(.methodNotAllowed, headers: [allow])
        case .notFound:
            if request.method == .options, request.rawPath == "*" { return Response(.noContent) }
            throw HTTPError(.notFound)
        }
    }
}

/// Runs handlers and answers for those that fail.
private struct Problems: Sendable {
    let log: Logger
    let read: Application.ErrorReading
    let render: Application.ProblemRenderer

    func answering(_ request: Request, _ handler: Handler) async -> Response {
        do {
            return try await handler(request)
        } catch let problem as HTTPError {
            return render(problem, request)
        } catch is CancellationError where request.isAbandoned {
            var nothing = Response(.badRequest)
            nothing.isDropped = true
            return nothing
        } catch {
            if let problem = read(error, request) { return render(problem, request) }
            log.error(
                "a handler failed",
                ["request_id": request.id, "path": request.rawPath, "error": String(reflecting: error)])
            return render(HTTPError(.internalServerError), request)
        }
    }
}
