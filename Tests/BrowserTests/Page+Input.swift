import Base
import TestGround

/// Pointer and keys.
extension Page {
    /// Clicks or taps the middle of the first element that fits, once it is there, enabled and not covered.
    func click(_ selector: String) async throws {
        let place = try await wait(
            """
            (() => {
              const element = document.querySelector(\(quoted(selector)));
              if (!element || element.matches(':disabled')) return null;
              let box = element.getBoundingClientRect();
              const isAway = box.bottom > innerHeight - 80 || box.top < 80 || box.right > innerWidth || box.left < 0;
              if (isAway) { element.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' }); box = element.getBoundingClientRect(); }
              const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
              const hit = document.elementFromPoint(x, y);
              return hit && (element.contains(hit) || hit.contains(element)) && box.width > 0 ? [x, y] : null;
            })()
            """)
        guard let x = place[0]?.lenientDouble, let y = place[1]?.lenientDouble else {
            throw TestFailure("\(selector) has no place")
        }
        if device.isPhone {
            try await call(
                "Input.dispatchTouchEvent",
                ["type": "touchStart", "touchPoints": [["x": .number(x), "y": .number(y)]]])
            try await call("Input.dispatchTouchEvent", ["type": "touchEnd", "touchPoints": []])
            return
        }
        for type in ["mouseMoved", "mousePressed", "mouseReleased"] {
            try await call(
                "Input.dispatchMouseEvent",
                [
                    "type": .string(type), "x": .number(x), "y": .number(y), "clickCount": type == "mouseMoved" ? 0 : 1,
                    "button": type == "mouseMoved" ? "none" : "left",
                ])
        }
    }

    /// Types into what has the focus, a key at a time.
    func type(_ text: String) async throws {
        for character in text { try await press(String(character)) }
    }

    /// Modifiers of a key, as the protocol numbers them.
    struct Modifiers: OptionSet {
        let rawValue: Int64
        static let control = Modifiers(rawValue: 2)
        static let shift = Modifiers(rawValue: 8)
    }

    /// Presses a key by its DOM name: `Enter`, `ArrowDown`, `Delete`, or the letter it writes. `code` is where the key lies, for
    /// layouts on which another letter lies there.
    func press(_ key: String, _ modifiers: Modifiers = [], code: String? = nil) async throws {
        let named: [String: Int64] = [
            "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "Tab": 9, "Delete": 46, "Backspace": 8,
        ]
        let place = code ?? Self.place(of: key)
        var event: JSON = [
            "type": "keyDown", "key": .string(key), "code": .string(place), "modifiers": .integer(modifiers.rawValue),
            "windowsVirtualKeyCode": .integer(named[key] ?? place.utf8.last.map { Int64($0) } ?? 0),
        ]
        if !modifiers.contains(.control) {
            if key == "Enter" { event["text"] = "\r" } else if key.count == 1 { event["text"] = .string(key) }
        }
        try await call("Input.dispatchKeyEvent", event)
        event["type"] = "keyUp"
        event["text"] = nil
        try await call("Input.dispatchKeyEvent", event)
    }

    private static func place(of key: String) -> String {
        guard key.count == 1, let letter = key.utf8.first else { return key }
        return switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): "Digit\(key)"
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): "Key\(key.uppercased())"
        case UInt8(ascii: "/"): "Slash"
        case UInt8(ascii: "["): "BracketLeft"
        case UInt8(ascii: "]"): "BracketRight"
        default: ""
        }
    }
}
