import BotRuntime

/// A part of a long list: Telegram takes a text of 4,096 characters and so many buttons below it.
struct BotPage<Item> {
    private static var size: Int { 20 }

    let items: ArraySlice<Item>
    /// Back and on; none where everything fits.
    let turns: [BotButton]

    /// - Parameters:
    ///   - number: from 0; beyond the end it is the last one.
    ///   - button: the press that shows the page of this number.
    init(_ all: [Item], _ number: Int64, button: (Int) -> String) {
        let last = max(0, all.count - 1) / Self.size
        let number = Int(min(max(0, number), Int64(last)))
        items = all.dropFirst(number * Self.size).prefix(Self.size)
        var turns: [BotButton] = []
        if number > 0 { turns.append(.press("◀️", button(number - 1))) }
        if number < last { turns.append(.press("▶️", button(number + 1))) }
        self.turns = turns
    }
}

extension String {
    /// As much as a line of a page, and its button, has room for.
    var shortForBot: String { count > 60 ? prefix(59) + "…" : self }
}
