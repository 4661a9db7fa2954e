/// Collects a list that comes in pages, from trackers that page and from old ones that ignore `limit` and send everything each time
/// (keitaro.md §1.2). Pure but for `page`.
enum KeitaroPages {
    static let size = 500
    /// A tracker that invents new rows for ever is not followed.
    static let most = 400

    /// A page of another length than `size` is the last; so is one that brings nothing new, which is how an old tracker with exactly
    /// `size` rows shows itself.
    static func collect<Element: Identifiable, Failure: Error>(
        size: Int = size, _ page: (_ limit: Int, _ offset: Int) async throws(Failure) -> [Element]
    ) async throws(Failure) -> [Element] {
        var collected: [Element] = []
        var seen: Set<Element.ID> = []
        for number in 0..<most {
            let elements = try await page(size, number * size)
            let before = collected.count
            for element in elements where seen.insert(element.id).inserted { collected.append(element) }
            if elements.count != size || collected.count == before { break }
        }
        return collected
    }
}
