import Base
import Reactor
import Synchronization

/// How many connections each address has open. Asked when a connection begins and ends, never on a request's way; any thread.
final class ConnectionCensus: Sendable {
    private let limit: Int
    private let exempt: AddressList
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// - Parameter exempt: proxies, behind which many come from one address.
    init(limit: Int, exempt: AddressList) {
        self.limit = limit
        self.exempt = exempt
    }

    /// False: its address has as many as it may.
    func admit(_ peer: SocketAddress?) -> Bool {
        guard let network = counted(peer) else { return true }
        return counts.withLock { counts in
            let count = counts[network, default: 0]
            guard count < limit else { return false }
            counts[network] = count + 1
            return true
        }
    }

    /// Takes back what was admitted.
    func leave(_ peer: SocketAddress?) {
        guard let network = counted(peer) else { return }
        counts.withLock { counts in
            let count = counts[network, default: 0]
            counts[network] = count > 1 ? count - 1 : nil
        }
    }

    private func counted(_ peer: SocketAddress?) -> IPAddress? {
        guard let address = peer?.ip, !exempt.contains(address) else { return nil }
        return address.network
    }
}
