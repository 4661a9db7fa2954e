import Base
import Synchronization

/// What a page found wrong by itself: exceptions, console errors, refused and failed requests, things the content security policy
/// stopped. A test that leaves any of them fails.
final class Complaints: Sendable {
    private struct State {
        var found: [String] = []
        var addresses: [String: String] = [:]
        var expected: Set<Int64> = []
    }
    private let state = Mutex(State())

    var all: [String] { state.withLock(\.found) }

    /// Answers with this status are the test's own doing.
    func expect(status: Int64) { state.withLock { _ = $0.expected.insert(status) } }

    func notice(_ event: String, _ details: JSON) {
        state.withLock { state in
            if let complaint = Self.complaint(event, details, &state) { state.found.append(complaint) }
        }
    }

    private static func complaint(_ event: String, _ details: JSON, _ state: inout State) -> String? {
        switch event {
        case "Runtime.exceptionThrown":
            let exception = details["exceptionDetails"]
            return "exception: \(exception?["exception"]?["description"]?.stringValue ?? details.text)"
        case "Runtime.consoleAPICalled":
            let kind = details["type"]?.stringValue ?? ""
            return ["error", "warning", "assert"].contains(kind)
                ? "console \(kind): \(details["args"]?.text ?? "")" : nil
        case "Log.entryAdded":
            // The network's entries are told below, with their status.
            guard let entry = details["entry"], entry["source"]?.stringValue != "network",
                ["error", "warning"].contains(entry["level"]?.stringValue)
            else { return nil }
            return "\(entry["source"]?.stringValue ?? "log"): \(entry["text"]?.stringValue ?? "")"
        case "Network.requestWillBeSent":
            if let id = details["requestId"]?.stringValue, let request = details["request"] {
                state.addresses[id] = "\(request["method"]?.stringValue ?? "") \(request["url"]?.stringValue ?? "")"
            }
            return nil
        case "Network.responseReceived":
            guard let status = details["response"]?["status"]?.intValue, status >= 400, !state.expected.contains(status)
            else { return nil }
            return "\(status) for \(address(details, state))"
        case "Network.loadingFailed":
            // A request that the page itself gave up, or that a navigation ended, has not failed.
            let isGivenUp =
                details["canceled"]?.boolValue == true || details["errorText"]?.stringValue == "net::ERR_ABORTED"
            if isGivenUp, details["blockedReason"] == nil { return nil }
            let reason = details["blockedReason"]?.stringValue ?? details["errorText"]?.stringValue ?? "failed"
            return "\(reason) for \(address(details, state))"
        case "Page.javascriptDialogOpening":
            return "a box of the browser's own: \(details["message"]?.stringValue ?? "")"
        default: return nil
        }
    }

    private static func address(_ details: JSON, _ state: State) -> String {
        details["requestId"]?.stringValue.flatMap { state.addresses[$0] } ?? "?"
    }
}
