import Testing

@testable import Base

struct ScryptTests {
    /// RFC 7914 §12.
    @Test(arguments: [
        (
            "", "", Scrypt.Parameters(cost: 16, blockSize: 1, parallelism: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", Scrypt.Parameters(cost: 1_024, blockSize: 8, parallelism: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", Scrypt.Parameters(cost: 16_384, blockSize: 8, parallelism: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func `the RFC's vectors`(password: String, salt: String, parameters: Scrypt.Parameters, expected: String) {
        let derived = Scrypt.derive(Secret(password), salt: Array(salt.utf8), parameters, count: 64)
        #expect(derived.map { Hex.encode($0) } == expected)
    }

    @Test(arguments: [
        Scrypt.Parameters(cost: 15, blockSize: 8, parallelism: 1),
        Scrypt.Parameters(cost: 0, blockSize: 8, parallelism: 1),
        Scrypt.Parameters(cost: -16, blockSize: 8, parallelism: 1),
        Scrypt.Parameters(cost: 16, blockSize: 0, parallelism: 1),
        Scrypt.Parameters(cost: 16, blockSize: 8, parallelism: -1),
        Scrypt.Parameters(cost: 1 << 40, blockSize: 8, parallelism: 1),
        Scrypt.Parameters(cost: .max, blockSize: .max, parallelism: .max),
    ])
    func `parameters that make no sense or take too much memory are refused`(parameters: Scrypt.Parameters) {
        #expect(Scrypt.derive(Secret("password"), salt: [1], parameters) == nil)
    }

    @Test func `every byte of the password counts, also beyond ASCII`() {
        let quick = Scrypt.Parameters(cost: 16, blockSize: 1, parallelism: 1)
        func derive(_ password: String) -> [UInt8]? { Scrypt.derive(Secret(password), salt: [1, 2], quick) }
        #expect(derive("слово слово")?.count == 32)
        #expect(derive("слово слово") != derive("слово слова"))
        #expect(Scrypt.derive(Secret("a"), salt: [1], quick) != Scrypt.derive(Secret("a"), salt: [2], quick))
    }
}
