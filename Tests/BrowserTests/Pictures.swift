import Base
import Glibc

/// Where screenshots are kept for looking at: the folder that `SLUICE_SCREENSHOTS` names. Without it they are taken and not kept.
enum Pictures {
    private static let folder = getenv("SLUICE_SCREENSHOTS").map { String(cString: $0) }

    static func keep(_ picture: [UInt8], _ name: String) throws {
        guard let folder else { return }
        try FileSystem.makeDirectories(folder)
        try FileSystem.write(picture, to: "\(folder)/\(name).png")
    }

    static func keep(_ page: Page, _ name: String) async throws {
        guard folder != nil else { return }
        try keep(try await page.screenshot(), name)
    }

    /// Width and height of a PNG in pixels, from its first chunk; nil when it isn't one.
    static func size(_ picture: [UInt8]) -> (width: Int, height: Int)? {
        guard picture.count > 24, picture.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
            return nil
        }
        func number(at place: Int) -> Int { picture[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(at: 16), number(at: 20))
    }
}
