import Telegram

/// Cuts a message into parts that Telegram takes: it refuses a text of more than 4,096 characters.
package enum MessageSplit {
    /// In UTF-16 units with all tags and entities, which is never less than what Telegram counts.
    package static let limit = 4_096

    /// At a line's end where there is one in the second half, else between words, else between letters; never inside a tag or
    /// an entity. A tag that is open at a cut is closed there and opened again. Tags that do not match or hold nothing are mended,
    /// parts without a letter left out, so that Telegram takes each part.
    package static func parts(_ html: String, limit: Int = limit) -> [String] {
        var parts: [String] = []
        var part = Part(limit: max(limit, 64))
        for piece in TelegramHTML.pieces(html) {
            while !part.takes(piece) {
                let (text, rest) = part.cut()
                parts.append(text)
                part = rest
            }
            part.append(piece)
        }
        parts.append(part.text(part.pieces[...]))
        return parts.filter(hasLetters)
    }

    private static func hasLetters(_ part: String) -> Bool {
        TelegramHTML.pieces(part).contains { piece in
            if case .letter(let letter) = piece { !letter.allSatisfy(\.isWhitespace) } else { false }
        }
    }

    /// Pieces that balance but for tags that are still open.
    private struct Part {
        let limit: Int
        private(set) var pieces: [TelegramHTML.Piece] = []
        private var open: [(name: String, text: String)] = []
        /// Units of the pieces and of what closes the open ones.
        private var length = 0

        init(limit: Int) { self.limit = limit }

        func takes(_ piece: TelegramHTML.Piece) -> Bool {
            length + cost(piece) <= limit || !pieces.contains { if case .letter = $0 { true } else { false } }
        }

        private func cost(_ piece: TelegramHTML.Piece) -> Int {
            switch piece {
            case .letter(let letter): letter.utf16.count
            case .open(let name, let text): text.utf16.count + name.utf16.count + 3
            case .close, .foreign: 0
            }
        }

        mutating func append(_ piece: TelegramHTML.Piece) {
            switch piece {
            case .letter(let letter):
                // One letter of thousands of accents: nobody misses it.
                guard letter.utf16.count <= limit / 4 else { return }
            case .open(let name, let text):
                // Tags that would leave no room for words are left out.
                guard cost(piece) + open.reduce(0, { $0 + $1.text.utf16.count + $1.name.utf16.count + 3 }) <= limit / 2
                else { return }
                open.append((name, text))
            case .close(let name):
                guard let last = open.last, last.name == name else { return }
                open.removeLast()
                // A pair around nothing shows nothing, and hundreds of them would fill a part.
                let opening = TelegramHTML.Piece.open(name: last.name, text: last.text)
                if pieces.last == opening {
                    pieces.removeLast()
                    length -= cost(opening)
                    return
                }
            case .foreign: return
            }
            length += cost(piece)
            pieces.append(piece)
        }

        /// The part up to the best place to end it, and a new one that begins with the rest.
        func cut() -> (String, Part) {
            let half = pieces.count / 2
            let end =
                pieces[half...].lastIndex(of: .letter("\n")) ?? pieces[half...].lastIndex(of: .letter(" "))
                ?? pieces.count
            var rest = Part(limit: limit)
            for (name, text) in Self.open(after: pieces[..<end]) { rest.append(.open(name: name, text: text)) }
            for piece in pieces[end...].dropFirst() { rest.append(piece) }
            return (text(pieces[..<end]), rest)
        }

        private static func open(after pieces: ArraySlice<TelegramHTML.Piece>) -> [(name: String, text: String)] {
            var open: [(name: String, text: String)] = []
            for piece in pieces {
                if case .open(let name, let text) = piece { open.append((name, text)) }
                if case .close = piece { open.removeLast() }
            }
            return open
        }

        func text(_ pieces: ArraySlice<TelegramHTML.Piece>) -> String {
            var text = ""
            let end = pieces.lastIndex { if case .open = $0 { false } else { true } }.map { $0 + 1 }
            let pieces = pieces[..<(end ?? pieces.startIndex)]
            for piece in pieces {
                switch piece {
                case .letter(let letter): text += letter
                case .open(_, let tag): text += tag
                case .close(let name): text += "</\(name)>"
                case .foreign: break
                }
            }
            for (name, _) in Self.open(after: pieces).reversed() { text += "</\(name)>" }
            return text
        }
    }
}
