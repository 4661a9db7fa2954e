import Base
import Testing

@testable import HTTP

/// Clients that take their time over a head are waited for, and nobody else waits with them.
@Suite(.timeLimit(.minutes(10))) struct SlowClientTests {
    @Test(arguments: [1, 2]) func `everyone else is answered while hundreds are slow to say what they want`(
        loops: Int
    ) async throws {
        // Out of reach: what ends the slow ones is tested elsewhere.
        try await withServer(loops: loops, { $0.headDeadline = .seconds(3_600) }) { server in
            let slow = try (0..<300).map { _ in try RawClient(port: server.port) }
            for client in slow { try client.send("GET /number/7 HTTP/1.1\r\nHost: a\r\nX-Slow: ") }
            await eventually { server.connectionCount == slow.count }
            let others = try (0..<50).map { _ in try RawClient(port: server.port) }
            for (number, client) in others.enumerated() { try client.get("/number/\(number)") }
            for (number, client) in others.enumerated() {
                #expect(try client.answer().text == "number \(number)")
            }
            // One byte more from each, and everyone is answered again.
            for client in slow { try client.send("x") }
            for (number, client) in others.enumerated() {
                try client.get("/number/\(number + 1)")
                #expect(try client.answer().text == "number \(number + 1)")
            }
            #expect(server.connectionCount == slow.count + others.count, "the slow ones are still there")
            for client in slow { try client.send("\r\n\r\n") }
            for client in slow { #expect(try client.answer().text == "number 7") }
        }
    }
}
