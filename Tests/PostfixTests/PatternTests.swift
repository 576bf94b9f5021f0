import Testing

@testable import Postfix

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String, _ dialect: Pattern.Dialect = .pcre) -> Bool? {
        guard let compiled = Pattern(Array(pattern.utf8), dialect: dialect) else { return nil }
        if case .match = compiled.search(Array(text.utf8)) { return true }
        return false
    }

    @Test(arguments: [
        ("example\\.net", "mail.EXAMPLE.net.org", true), ("^example\\.net$", "xexample.net", false),
        ("(^|\\.)example\\.net$", "a.example.net", true), ("(^|\\.)example\\.net$", "notexample.net", false),
        ("^[0-9]{1,3}\\.10\\.", "198.10.3.4", true), ("^(a|b)+c$", "ababc", true),
        ("^(a|b)+c$", "abdc", false),
        ("a.*?b$", "axxbxb", true), ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoo", false),
        ("^(.)\\1$", "aa", true),
        ("^(.)\\1$", "ab", false), ("^(?!mail\\.)", "mail.x", false), ("^(?!mail\\.)", "web.x", true),
        ("(?<=@)x", "a@x", true), ("[[:digit:]]+-[^@]+@", "12-ab@c", true), ("^$", "", true),
        ("a{2,}", "xaay", true),
        ("a{2,}", "xay", false), ("[]x]", "]", true),
    ])
    func `Patterns match as PCRE does`(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test(arguments: ["a(", "[a", "a++", "(?P<n>a)", "*a", "\\p{L}"])
    func `What is not understood is no pattern`(pattern: String) {
        #expect(matches(pattern, "a") == nil)
    }

    @Test func `A pattern that would take for ever is undecided`() throws {
        let pattern = try #require(Pattern(Array("^(a+)+(a+)+(a+)+$".utf8), dialect: .pcre))
        #expect(
            pattern.search(Array(repeating: UInt8(ascii: "a"), count: 200) + [UInt8(ascii: "!")])
                == .undecided)
    }

    @Test func `Groups are captured`() throws {
        let pattern = try #require(Pattern(Array("^([^=@]+)=([^=@]+)@here$".utf8), dialect: .regexp))
        let expected: [[UInt8]?] = [Array("u".utf8), Array("elsewhere.org".utf8)]
        #expect(pattern.search(Array("u=elsewhere.org@here".utf8)) == .match(expected))
    }

    @Test(arguments: [
        "example\\.net", "^(.*\\.)?example\\.net$", "^([^=@]+)=([^=@]+)@example\\.net$", "^198\\.51\\.",
        "a|b|c",
        "^postmaster@", "x{3}y+", "\\d+[a-f]?z",
    ])
    func `Samples match the pattern that they are made from`(text: String) throws {
        let pattern = try #require(Pattern(Array(text.utf8), dialect: .pcre))
        let samples = pattern.samples(filling: Array("elsewhere.org".utf8))
        #expect(!samples.isEmpty)
        for sample in samples {
            guard case .match = pattern.search(sample) else {
                Issue.record("\(sample.text) does not match \(text)")
                continue
            }
        }
    }

    @Test func `Counts within counts make no samples without end`() throws {
        let pattern = try #require(
            Pattern(Array("((((((a{50}){50}){50}){50}){50}){50})|b".utf8), dialect: .pcre))
        #expect(pattern.samples(filling: []).map(\.text) == ["b"])
    }

    @Test func `Flags and negation of a table's pattern are read`() throws {
        let pattern = try #require(TablePattern(key: "!/ABC/i", dialect: .pcre))
        #expect(pattern.isNegated)
        #expect(pattern.pattern.search(Array("abc".utf8)) == .noMatch)
        #expect(TablePattern(key: "/a/Q", dialect: .pcre) == nil)
        // "This and not that" (regexp_table(5)) is no expression with slashes in it.
        #expect(TablePattern(key: "/@example\\.net$/!/^bounce@/", dialect: .regexp) == nil)
        #expect(TablePattern(key: "/a\\/b/", dialect: .pcre)?.pattern.search(Array("a/b".utf8)) == .match([]))
    }
}
