import COpenSSL

/// scrypt (RFC 7914): turns a password that a person chose into bytes that are dear to guess.
package enum Scrypt {
    /// How dear. Memory is 128 · `cost` · `blockSize` bytes; time grows with all three.
    package struct Parameters: Hashable, Sendable {
        /// N in the RFC: a power of two.
        package let cost: Int64
        /// r in the RFC.
        package let blockSize: Int64
        /// p in the RFC.
        package let parallelism: Int64

        package init(cost: Int64, blockSize: Int64, parallelism: Int64) {
            self.cost = cost
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 32 MiB, about a fifth of a second (OWASP's password storage cheat sheet, its row for 32 MiB).
        package static let standard = Parameters(cost: 1 << 15, blockSize: 8, parallelism: 3)
    }

    /// More memory than this is refused, whatever a row of the database asks for.
    static let memoryLimit: UInt64 = 256 << 20

    /// Blocks for as long as the parameters ask: never call it on a loop.
    /// - Returns: `count` bytes; nil for parameters that make no sense or take too much memory.
    package static func derive(
        _ password: Secret, salt: [UInt8], _ parameters: Parameters, count: Int = 32
    ) -> [UInt8]? {
        guard let cost = UInt64(exactly: parameters.cost), let blockSize = UInt64(exactly: parameters.blockSize),
            let parallelism = UInt64(exactly: parameters.parallelism), count > 0
        else { return nil }
        var derived = [UInt8](repeating: 0, count: count)
        let text = password.reveal()
        let isDone = text.withCString { start in
            EVP_PBE_scrypt(
                start, text.utf8.count, salt, salt.count, cost, blockSize, parallelism, memoryLimit, &derived, count)
        }
        return isDone == 1 ? derived : nil
    }
}
