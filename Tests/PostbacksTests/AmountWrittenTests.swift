import Base
import Testing

@testable import Postbacks

struct AmountWrittenTests {
    @Test(
        arguments: [
            ("100", "100", ""), ("100.00", "100", ""), ("0100", "100", ""), ("12.5", "12.5", ""), ("12,5", "12.5", ""),
            ("1 234,50", "1234.5", ""), ("1\u{A0}234,50", "1234.5", ""), ("1\u{202F}234.50", "1234.5", ""),
            ("1.234,50", "1234.5", ""), ("1,234.50", "1234.5", ""), ("1'234.50", "1234.5", ""), ("1’234", "1234", ""),
            ("1,234", "1234", ""), ("1.234", "1.234", ""), ("0,234", "0.234", ""), ("1234,567", "1234.567", ""),
            ("1 234,567", "1234.567", ""), ("1.234.567", "1234567", ""), ("1,234,567", "1234567", ""),
            ("1.234.567,8", "1234567.8", ""), ("12,34,567.89", "1234567.89", ""), ("$12.5", "12.5", "USD"),
            ("12.5$", "12.5", "USD"), ("-$12.5", "-12.5", "USD"), ("$-12.5", "-12.5", "USD"), ("\u{2212}5", "-5", ""),
            ("+5", "5", ""), ("100 USD", "100", "USD"), ("usd 100", "100", "USD"), ("USDT 3", "3", "USDT"),
            ("7,50 €", "7.5", "EUR"), ("1 284 600 ₴", "1284600", "UAH"), ("500 грн.", "500", "UAH"),
            ("500 руб.", "500", "RUB"), ("250 ⭐", "250", "XTR"), ("руб.100", "100", "RUB"),
            ("грн. 100,5", "100.5", "UAH"),
            ("$12.5 USD", "12.5", "USD"), ("₴ 100 грн.", "100", "UAH"), ("US$ 7", "7", "USD"), ("$.5", "0.5", "USD"),
            (".5", "0.5", ""), ("5.", "5", ""), ("-0", "0", ""),
            ("0.000", "0", ""), ("0.123456789", "0.12345678", ""), ("  42  ", "42", ""),
            ("999999999999999999", "999999999999999999", ""),
        ])
    func `amounts are read as people write them`(text: String, amount: String, currency: String) {
        let written = WrittenAmount(text)
        #expect(written?.amount.text == amount)
        #expect(written?.currency == currency)
    }

    @Test(
        arguments: [
            "", " ", "-", "$", "free", "$12 EUR", "USD 5 apples", "12 apples", "1e5", "12-5", "--5", "1.2.3", "1 23",
            "1,23,4", "1,234.5,6",
            "1 2 3",
            "1'2", "5-", "NaN", "١٢", "1000000000000000000", ",", ".", "1..2", "1.234.56", "12.34,567.8", "1 234 5",
            String(repeating: "1", count: 65),
        ])
    func `what would have to be guessed is no amount`(text: String) {
        #expect(WrittenAmount(text)?.amount.text == nil)
    }

    @Test func `whatever is read has the form PostgreSQL reads`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789.,' $-+€a")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 1...9, using: &generator)).map { _ in alphabet.randomElement() ?? "0" })
            guard let amount = WrittenAmount(text)?.amount.text else { continue }
            let digits = amount.hasPrefix("-") ? amount.dropFirst() : amount[...]
            let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
            #expect(
                1...2 ~= parts.count && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { "0"..."9" ~= $0 } }, "\(text)"
            )
        }
    }
}
