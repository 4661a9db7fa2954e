import Telegram
import Views

extension PostbackPages {
    /// Why a message is not told, in the reader's language; what is stored is English. Text that isn't a sentence of ours stays.
    static func problem(_ stored: String?, _ words: Words) -> String? {
        guard let stored else { return nil }
        guard let reason = TelegramReason(stored: stored) else { return stored }
        return words("telegram.problem.\(reason.name)", ["said": .string(reason.said)])
    }
}
