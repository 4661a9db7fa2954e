/// 32 secret bytes for HMAC-SHA256 or AES-256. Printed it says `***`.
package struct SymmetricKey: Sendable {
    /// Always 32.
    let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package static func random() -> SymmetricKey { SymmetricKey(checked: RandomBytes.make(32)) }

    /// A key made of this one for the purpose that the label names; who knows it learns nothing of this one.
    package func derived(label: String) -> SymmetricKey {
        SymmetricKey(checked: HMAC.sha256(key: bytes, Array(label.utf8)))
    }

    /// The SHA-256 of a long random secret; no stretching, so not for passwords that people choose.
    init(hashing secret: Secret) {
        self.init(checked: SHA256.hash(secret.reveal()))
    }

    private init(checked bytes: [UInt8]) {
        self.bytes = bytes
    }
}

extension SymmetricKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
