import COpenSSL

/// Comparison whose time depends on the lengths alone, for secrets, tokens and signatures.
package enum ConstantTime {
    /// Different lengths are unequal at once: the length of a secret is not itself secret.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return sluice_equal_in_constant_time(left, right, left.count) == 1
    }

    package static func equal(_ left: String, _ right: String) -> Bool {
        equal(Array(left.utf8), Array(right.utf8))
    }
}
