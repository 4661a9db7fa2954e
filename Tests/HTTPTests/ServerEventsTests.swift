import Base
import Reactor
import Testing

@testable import HTTP

@Suite(.serialized, .timeLimit(.minutes(10)))
struct ServerEventsTests {
    @Test(arguments: [
        (ServerEvent("x"), "data: x\n\n"), (ServerEvent(""), "data: \n\n"),
        (ServerEvent("a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (
            ServerEvent("x", event: "push", id: "7", retry: .milliseconds(1500)),
            "id: 7\nevent: push\nretry: 1500\ndata: x\n\n"
        ),
        (ServerEvent("x", event: "a\ndata: evil", id: "1\r\n\u{0}2"), "id: 1   2\nevent: a data: evil\ndata: x\n\n"),
    ])
    func `writes the fields of an event`(event: ServerEvent, text: String) {
        #expect(String(decoding: event.bytes, as: UTF8.self) == text)
    }

    @Test func `events come one by one, after the last one seen`() async throws {
        let events = route(.get, "/events") { request in
            Response.events(for: request) { stream in
                let last = stream.lastEventID.flatMap { Int($0) } ?? 0
                for id in last + 1...last + 3 { try await stream.send(ServerEvent("e\(id)", id: "\(id)")) }
            }
        }
        try await withServer(routes: [events]) { server in
            let client = try RawClient(port: server.port)
            for (field, first) in [("", 1), ("Last-Event-ID: 41\r\n", 42)] {
                try client.get("/events", field)
                let head = try client.answer(toHead: true)
                #expect(head.header("Content-Type") == "text/event-stream")
                #expect(head.header("Content-Encoding") == nil)
                for id in first..<first + 3 { #expect(try client.chunk() == Array("id: \(id)\ndata: e\(id)\n\n".utf8)) }
                #expect(try client.chunk() == [])
            }
        }
    }

    @Test func `a quiet stream opens at once and beats`() async throws {
        let ended = Gate()
        let quiet = route(.get, "/quiet") { request in
            let loop = request.loop
            return Response.events(for: request, heartbeat: .milliseconds(5)) { _ in
                await loop?.sleep(for: .seconds(3600))
                ended.open()
            }
        }
        try await withServer(routes: [quiet]) { server in
            do {
                let client = try RawClient(port: server.port)
                try client.get("/quiet")
                #expect(try client.answer(toHead: true).status == 200)
                for _ in 0..<3 { #expect(try client.chunk() == Array(":\n\n".utf8)) }
            }
            await ended.wait()
            await eventually { server.connectionCount == 0 }
        }
    }

    @Test func `a server that stops ends its events in order and at once`() async throws {
        let endless = route(.get, "/endless") { request in
            let loop = request.loop
            return Response.events(for: request) { stream in
                try await stream.send(ServerEvent("hello"))
                await loop?.sleep(for: .seconds(3600))
                try await stream.send(ServerEvent("never"))
            }
        }
        try await withServer(routes: [endless]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/endless")
            #expect(try client.answer(toHead: true).status == 200)
            #expect(try client.chunk() == Array("data: hello\n\n".utf8))
            await server.stop(within: .seconds(3600))
            #expect(try client.chunk() == [])
            #expect(try client.isClosedSilently())
        }
    }
}
