@testable import Views

/// A small book in three languages.
enum SampleWords {
    static let en = """
        {"flow": {"title": "Flow & <draft>", "rows": "{count} of {total}",
          "changes": {"one": "Draft: {count} change in {flow}", "other": "Draft: {count} changes in {flow}"}},
         "macro": "Send {{subid}} as {name}", "filter": {"all": "All", "other": "Other"}}
        """
    static let uk = """
        {"flow": {"title": "Потік", "rows": "{count} із {total}",
          "changes": {"one": "{count} зміна, {flow}", "few": "{count} зміни, {flow}", "many": "{count} змін, {flow}"}},
         "macro": "Надішліть {{subid}} як {name}", "filter": {"all": "Усі", "other": "Інші"}}
        """
    static let ru = """
        {"flow": {"title": "Поток", "rows": "{count} из {total}", "changes": {"one": "{count} изменение, {flow}",
          "few": "{count} изменения, {flow}", "many": "{count} изменений, {flow}", "other": "{count} изменения, {flow}"}},
         "macro": "Отправьте {{subid}} как {name}", "filter": {"all": "Все", "other": "Другие"}}
        """

    static func book() throws -> WordBook { try book(en: en, uk: uk, ru: ru) }

    static func book(en: String, uk: String, ru: String) throws -> WordBook {
        try WordBook(sources: [.en: Array(en.utf8), .uk: Array(uk.utf8), .ru: Array(ru.utf8)])
    }
}
