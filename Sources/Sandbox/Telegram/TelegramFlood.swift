/// The limits as Telegram documents them (reference, telegram.md §1.1): 30 messages a second, one a second in a chat with short bursts,
/// 20 a minute in a group. Pure; times are milliseconds of any steady clock.
struct TelegramFlood {
    private static let burst = 3

    private var all: [Int64] = []
    private var chats: [Int64: [Int64]] = [:]

    /// Counts a message, or says in how many seconds it may be sent.
    mutating func retryAfter(chat: Int64, now: Int64) -> Int? {
        all.removeAll { $0 <= now - 1000 }
        if all.count >= 30 { return 1 }
        var sends = chats[chat, default: []].filter { $0 > now - 60_000 }
        if chat < 0, sends.count >= 20 { return Self.seconds(until: sends[sends.count - 20] + 60_000, now) }
        // A bucket of three that fills by one a second.
        var level = 0.0
        var last = now
        for send in sends {
            level = max(0, level - Double(max(send - last, 0)) / 1000) + 1
            last = send
        }
        level = max(0, level - Double(now - last) / 1000)
        if level > Double(Self.burst - 1) { return max(1, Int(level.rounded(.up)) - Self.burst + 1) }
        sends.append(now)
        chats[chat] = sends
        all.append(now)
        return nil
    }

    mutating func note(chat: Int64, at times: [Int64]) { chats[chat] = times }

    private static func seconds(until time: Int64, _ now: Int64) -> Int { Int(max(1, (time - now + 999) / 1000)) }
}
