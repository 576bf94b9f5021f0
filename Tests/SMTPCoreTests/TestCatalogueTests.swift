import SMTPCore
import Testing

@Suite("Test catalogue")
struct TestCatalogueTests {
    private let names = TestNames(
        token: "relay-test-abc", local: "hosted.example", user: "info", relay: "relay.hosted.example",
        backup: "backup.example.org", helo: "office.hosted.example", host: "mx.hosted.example",
        address: "203.0.113.10", vantage: "198.51.100.25")

    @Test("Every test has a name of its own, a source and a meaning")
    func named() {
        let ids = TestCatalogue.all.map(\.id)
        #expect(Set(ids).count == ids.count)
        for test in TestCatalogue.all {
            #expect(!test.source.isEmpty, "\(test.id)")
            #expect(!test.meaning.isEmpty && !test.meaning.hasSuffix("."), "\(test.id)")
        }
        #expect(TestCatalogue.essential.allSatisfy { TestCatalogue.all.contains($0) })
    }

    @Test("Every form is filled, and names nobody's real domain", arguments: TestCatalogue.all)
    func filled(test: RelayTest) throws {
        let own = ["hosted.example", "example.org", "sender.example", "localhost"]
        for form in [test.mailFrom, test.rcptTo] {
            let text = try #require(form.filled(with: names))
            #expect(text.hasPrefix("<") == text.hasSuffix(">"))
            #expect(text.hasPrefix("<") || test.id == "no-brackets")
            #expect(!text.contains("{"))
            let domains = text.split { "<>@%!,:=\"".contains($0) }.filter {
                $0.contains(".") && !$0.hasPrefix("[")
            }
            #expect(
                domains.allSatisfy { domain in
                    own.contains { domain.hasSuffix($0) || domain.hasSuffix($0 + ".") }
                },
                "\(text)")
        }
        #expect(test.helo.filled(with: names) != nil)
    }

    @Test("No message is ever meant for a domain that could be somebody else's", arguments: TestCatalogue.all)
    func proofs(test: RelayTest) throws {
        guard test.canBeProven else { return }
        var names = names
        names.third = "[198.51.100.25]"
        names.backup = "[198.51.100.25]"
        let text = try #require(test.rcptTo.filled(with: names))
        #expect(
            test.weight == .backscatter || text.contains("[198.51.100.25]")
                || text.hasSuffix("@sub.hosted.example>"))
        #expect(!text.contains("relay-test-abchosted.example") && !text.contains("hosted.example.["))
    }

    @Test("A test whose names are not known does not apply")
    func unknownNames() {
        let bare = TestNames(token: "t")
        #expect(AddressForm("<{token}@{third}>").filled(with: bare) == "<t@example.org>")
        #expect(AddressForm("<x@{local}>").filled(with: bare) == nil)
        #expect(AddressForm("<x@{nonsense}>").filled(with: names) == nil)
    }

    @Test("A yes counts by itself only for a recipient whose own domain is foreign")
    func encodedLocalParts() throws {
        let foreign = [
            "example.org", "example.org.", "[198.51.100.25]", "relay-test-abchosted.example",
            "hosted.example.example.org", "backup.example.org",
        ]
        for test in TestCatalogue.all where test.weight == .relay {
            let address = try #require(test.rcptTo.filled(with: names)).filter { !"<>".contains($0) }
            let domain = address.split(separator: "@").last.map(String.init)
            #expect(foreign.contains(domain ?? ""), "\(test.id)")
            #expect(!address.contains { "%!\"".contains($0) }, "\(test.id)")
        }
    }
}

extension AddressForm {
    fileprivate init(_ template: String) { self.init(stringLiteral: template) }
}
