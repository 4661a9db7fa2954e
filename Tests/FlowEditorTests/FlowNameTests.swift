import Testing

@testable import FlowEditor

struct FlowNameTests {
    @Test(
        arguments: [
            ("Flow 2", nil), ("Flow 2 · Android", "Android"), ("Flow 2: iOS 15+", "iOS 15+"), ("Flow 21", "Flow 21"),
            ("Flow 3 · решта", "Flow 3 · решта"), ("решта", "решта"), ("", nil), ("Flow 2 ·", nil),
        ] as [(String, String?)])
    func `a flow's own name leaves out the number that stands before it`(name: String, expected: String?) {
        #expect(FlowName.own(name, number: 2) == expected)
    }
}
