import Base

/// One tab. Clicks and keys go through the browser's own input, as a person's do.
final class Page {
    let browser: Browser
    private let session: String

    init(_ browser: Browser) throws {
        self.browser = browser
        let context = try browser.call("Target.createBrowserContext")["browserContextId"]?.stringValue ?? ""
        let target = try browser.call(
            "Target.createTarget", ["url": "about:blank", "browserContextId": .string(context)])
        let attached = try browser.call(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
        session = attached["sessionId"]?.stringValue ?? ""
        for domain in ["Page", "Runtime", "Log"] { try call("\(domain).enable") }
        try resize(width: 1440, height: 900)
    }

    @discardableResult
    func call(_ method: String, _ parameters: JSON = [:]) throws -> JSON {
        try browser.call(method, parameters, session: session)
    }

    func resize(width: Int, height: Int, scale: Double = 1, isPhone: Bool = false) throws {
        try call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(Int64(width)), "height": .integer(Int64(height)), "deviceScaleFactor": .number(scale),
                "mobile": .bool(isPhone),
            ])
    }

    func setDark(_ isDark: Bool) throws {
        try call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": .string(isDark ? "dark" : "light")]]])
    }

    func open(_ url: String) throws {
        try call("Page.navigate", ["url": .string(url)])
        try wait("document.readyState === 'complete' && location.href.startsWith('http')")
    }

    /// The value of an expression.
    @discardableResult
    func evaluate(_ expression: String) throws -> JSON {
        let result = try call(
            "Runtime.evaluate",
            ["expression": .string(expression), "awaitPromise": true, "returnByValue": true])
        if let details = result["exceptionDetails"] {
            throw Browser.Failure(description: "\(expression): \(details.text)")
        }
        return result["result"]?["value"] ?? .null
    }

    func text(_ selector: String) throws -> String {
        try evaluate("document.querySelector(\(JSON.string(selector).text))?.innerText ?? ''").stringValue ?? ""
    }

    /// Waits inside the page until a condition holds. A navigation in between starts the wait anew in the new page.
    func wait(_ condition: String, seconds: Int = 20) throws {
        let script = """
            new Promise((done) => {
              const end = performance.now() + \(seconds * 1000);
              const look = () => {
                let holds = false;
                try { holds = Boolean(\(condition)); } catch { holds = false; }
                if (holds || performance.now() > end) done(holds); else setTimeout(look, 15);
              };
              look();
            })
            """
        for _ in 0..<8 {
            guard let holds = try? evaluate(script) else { continue }
            if holds == true { return }
            throw Browser.Failure(
                description: "waited \(seconds) s for: \(condition); the page says: \(try text("body").prefix(1500))")
        }
        throw Browser.Failure(description: "the page kept changing while waiting for: \(condition)")
    }

    func click(_ selector: String) throws {
        try wait("document.querySelector(\(JSON.string(selector).text)) !== null")
        let place = try evaluate(
            """
            (() => {
              const element = document.querySelector(\(JSON.string(selector).text));
              element.scrollIntoView({ block: 'center' });
              const box = element.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            })()
            """)
        guard let x = place[0]?.doubleValue, let y = place[1]?.doubleValue else {
            throw Browser.Failure(description: "\(selector) has no place")
        }
        for type in ["mousePressed", "mouseReleased"] {
            try call(
                "Input.dispatchMouseEvent",
                ["type": .string(type), "x": .number(x), "y": .number(y), "button": "left", "clickCount": 1])
        }
    }

    func type(_ text: String) throws {
        try call("Input.insertText", ["text": .string(text)])
    }

    /// A key by its DOM name, such as `Enter`, `Escape`, `ArrowDown`; modifiers: 2 is Ctrl, 8 is Shift.
    func press(_ key: String, modifiers: Int64 = 0) throws {
        let codes: [String: Int64] = [
            "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9, "Delete": 46,
        ]
        var event: JSON = [
            "type": "keyDown", "key": .string(key), "code": .string(key), "modifiers": .integer(modifiers),
            "windowsVirtualKeyCode": .integer(codes[key] ?? 0),
        ]
        if key == "Enter", modifiers == 0 { event["text"] = "\r" }
        if key.count == 1 {
            event["text"] = .string(key)
            event["code"] = .string("Key\(key.uppercased())")
        }
        try call("Input.dispatchKeyEvent", event)
        event["type"] = "keyUp"
        event["text"] = nil
        try call("Input.dispatchKeyEvent", event)
    }

    /// PNG bytes of the visible part.
    func screenshot() throws -> [UInt8] {
        let data = try call("Page.captureScreenshot", ["format": "png"])["data"]?.stringValue ?? ""
        // The protocol pads its base64 and uses the other two letters.
        let text = data.replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" }
        return Base64URL.decode(text) ?? []
    }

    func close() throws {
        _ = try? call("Page.close")
    }
}
