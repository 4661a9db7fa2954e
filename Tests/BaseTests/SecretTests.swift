import Base
import Testing

@Suite struct SecretTests {
    private struct Holder {
        let key = Secret("hunter2")
        let maybe: Secret? = Secret("hunter2")
    }

    @Test func `says three stars however it is printed`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(Holder(), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Holder())", String(reflecting: Holder()), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("***"))
        }
        #expect(secret.reveal() == "hunter2")
    }

    @Test func `is equal only to the same text`() {
        #expect(Secret("abc") == Secret("abc"))
        #expect(Secret("abc") != Secret("abd"))
        #expect(Secret("abc") != Secret("abcd"))
        #expect(Secret("") == Secret(""))
    }
}
