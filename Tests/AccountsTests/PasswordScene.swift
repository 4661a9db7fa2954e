import Accounts
import Base
import TestDesk

struct NoSession: Error {
    let answer: String
}

/// People who log in by name.
extension TestDesk {
    static let password = "river under the bridge"

    /// Somebody who followed a one-time link, chose the password and is logged in.
    func named(_ name: String, _ role: Role, password: String = password) async throws -> Visitor {
        let token = try await accounts.invite(loginName: name, role: role)
        let answer = try await choose(password, invitation: token)
        return try await visitor(of: answer)
    }

    func choose(_ password: String, invitation token: String) async throws -> Visitor.Answer {
        let form = try await loginForm()
        return try await form.visitor.postForm(
            "/users/invitation/", [("token", token), ("password", password), ("csrf_token", form.token)])
    }

    func logIn(_ name: String, _ password: String, from address: String = "203.0.113.9") async throws -> Visitor.Answer
    {
        let form = try await loginForm()
        return try await form.visitor.with("X-Forwarded-For", address).postForm(
            "/users/login/",
            [("with", "password"), ("name", name), ("password", password), ("csrf_token", form.token)])
    }

    /// The browser that holds the session which the answer opened.
    func visitor(of answer: Visitor.Answer) async throws -> Visitor {
        guard let session = TestDesk.cookie("sluice_session", in: answer) else {
            throw NoSession(answer: "\(answer.status) \(answer.text)")
        }
        var visitor = stranger(accepting: "text/html").with("Cookie", "sluice_session=\(session)")
        let page = try await visitor.get("/users/logout/").text
        let start = "name=\"csrf-token\" content=\""
        visitor.csrfToken = page.firstRange(of: start).map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
        return visitor
    }
}
