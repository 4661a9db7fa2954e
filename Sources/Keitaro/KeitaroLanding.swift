/// A landing page as `GET landing_pages` lists it: all at once (OpenAPI of 2022, `Landing`).
package struct KeitaroLanding: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
    }
}
