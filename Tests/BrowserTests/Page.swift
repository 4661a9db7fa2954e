import Base
import TestGround

/// One tab in a profile of its own. Clicks, taps and keys go through the browser's input, as a person's do.
final class Page: Sendable {
    let complaints = Complaints()
    let device: Device
    private let browser: Browser
    private let context: String
    private let session: String

    /// What the person holds.
    struct Device: Sendable {
        let name: String
        let width: Int64
        let height: Int64
        var scale = 1.0
        var isPhone = false

        static let desk = Device(name: "desk", width: 1440, height: 900)
        static let tablet = Device(name: "tablet", width: 1000, height: 760)
        static let phone = Device(name: "phone", width: 390, height: 844, scale: 2, isPhone: true)
    }

    private init(browser: Browser, context: String, session: String, device: Device) {
        (self.browser, self.context, self.session, self.device) = (browser, context, session, device)
    }

    static func open(in browser: Browser, _ device: Device, language: String) async throws -> Page {
        let context = try await browser.call("Target.createBrowserContext")["browserContextId"]?.stringValue ?? ""
        let target = try await browser.call(
            "Target.createTarget", ["url": "about:blank", "browserContextId": .string(context)])
        let attached = try await browser.call(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
        let page = Page(
            browser: browser, context: context, session: attached["sessionId"]?.stringValue ?? "", device: device)
        browser.listen(page.session) { [weak page] event, details in
            page?.complaints.notice(event, details)
            // A box of the browser's own holds the page up until it is answered.
            if event == "Page.javascriptDialogOpening", let page {
                Task { try? await page.call("Page.handleJavaScriptDialog", ["accept": true]) }
            }
        }
        for domain in ["Page", "Runtime", "Log", "Network"] { try await page.call("\(domain).enable") }
        try await page.call("Network.setExtraHTTPHeaders", ["headers": ["Accept-Language": .string(language)]])
        try await page.call("Emulation.setTimezoneOverride", ["timezoneId": "Europe/Kyiv"])
        try await page.call("Emulation.setFocusEmulationEnabled", ["enabled": true])
        try await page.hold(device)
        if device.isPhone { try await page.call("Emulation.setTouchEmulationEnabled", ["enabled": true]) }
        try await page.setDark(false)
        return page
    }

    func close() async throws {
        browser.listen(session, nil)
        try await browser.call("Target.disposeBrowserContext", ["browserContextId": .string(context)])
    }

    @discardableResult
    func call(_ method: String, _ parameters: JSON = [:]) async throws -> JSON {
        try await browser.call(method, parameters, session: session)
    }

    // MARK: Where it is and what it shows

    func open(_ url: String) async throws {
        let answer = try await call("Page.navigate", ["url": .string(url)])
        if let error = answer["errorText"]?.stringValue { throw TestFailure("\(url): \(error)") }
        try await wait("document.readyState === 'complete'")
    }

    /// Loads the page anew.
    func reload() async throws {
        try await evaluate("globalThis.isOld = true")
        try await call("Page.reload")
        try await wait("!globalThis.isOld && document.readyState === 'complete'")
    }

    /// Gives the window the device's size.
    func hold(_ device: Device) async throws {
        try await call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(device.width), "height": .integer(device.height),
                "deviceScaleFactor": .number(device.scale), "mobile": .bool(device.isPhone),
            ])
    }

    /// The system's colours, not the page's own choice.
    func setDark(_ isDark: Bool) async throws {
        try await call(
            "Emulation.setEmulatedMedia",
            [
                "features": [
                    ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"],
                    ["name": "prefers-reduced-motion", "value": "reduce"],
                ]
            ])
    }

    /// The value of an expression; of a promise, what it brings.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSON {
        let answer = try await call(
            "Runtime.evaluate", ["expression": .string(expression), "awaitPromise": true, "returnByValue": true])
        if let details = answer["exceptionDetails"] {
            throw TestFailure(
                "\(expression): \(details["exception"]?["description"]?.stringValue ?? details["text"]?.stringValue ?? "")"
            )
        }
        return answer["result"]?["value"] ?? .null
    }

    /// What a person reads in the first element that fits; empty when there is none.
    func text(_ selector: String) async throws -> String {
        try await evaluate("document.querySelector(\(quoted(selector)))?.innerText ?? ''").stringValue ?? ""
    }

    func count(_ selector: String) async throws -> Int64 {
        try await evaluate("document.querySelectorAll(\(quoted(selector))).length").intValue ?? 0
    }

    /// Waits inside the page until an expression is neither false nor empty, and returns its value. It is looked at whenever the page
    /// changes or is drawn; a navigation begins the wait anew in the new page.
    @discardableResult
    func wait(_ condition: String, seconds: Int = 20) async throws -> JSON {
        let script = """
            new Promise((done) => {
              const value = () => { try { return (\(condition)) || null; } catch { return null; } };
              let isOver = false;
              const finish = (found) => { isOver = true; changes.disconnect(); clearTimeout(patience); done(found); };
              const look = () => { if (isOver) return; const found = value(); if (found !== null) finish(found); };
              const draw = () => { look(); if (!isOver) requestAnimationFrame(draw); };
              const changes = new MutationObserver(look);
              const patience = setTimeout(() => finish(null), \(seconds * 1000));
              changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
              draw();
            })
            """
        for _ in 0..<20 {
            do {
                let found = try await evaluate(script)
                if found != .null { return found }
                let seen = try await text("body")
                throw TestFailure("waited \(seconds) s for: \(condition)\nThe page says: \(seen.prefix(1500))")
            } catch is Browser.Refusal {
                continue
            }
        }
        throw TestFailure("the page kept going away while waiting for: \(condition)")
    }

    /// PNG bytes of what is in view, once fonts are there and nothing moves.
    func screenshot() async throws -> [UInt8] {
        try await wait(
            "document.fonts.status === 'loaded' && document.getAnimations().every((one) => one.playState !== 'running')"
        )
        let data = try await call("Page.captureScreenshot", ["format": "png"])["data"]?.stringValue ?? ""
        // The protocol pads its base64 and uses the other two letters.
        let letters = data.replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" }
        guard let picture = Base64URL.decode(letters) else { throw TestFailure("the screenshot can't be read") }
        return picture
    }
}

/// A JavaScript string literal.
func quoted(_ text: String) -> String { JSON.string(text).text }
