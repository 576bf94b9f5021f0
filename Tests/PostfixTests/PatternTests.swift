import Testing

@testable import Postfix

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String, _ dialect: Pattern.Dialect = .pcre) -> Bool? {
        guard let compiled = try? Pattern(Array(pattern.utf8), dialect: dialect) else { return nil }
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

    @Test(arguments: [
        "a++", "(?P=n)", "\\p{L}", "(*UTF8)a", "(?x)a b", "\\x", "(?>a)", "\\Qa\\E+", "\\12", "a{,3}",
        "[[:word:]]", "[[.a.]]", "a{2}{3}", "(?(1)a)", "(?<1a>b)",
    ])
    func `What is not understood may match anything`(pattern: String) {
        #expect(throws: Pattern.Fault.notUnderstood) { try Pattern(Array(pattern.utf8), dialect: .pcre) }
    }

    /// As `postmap -q` of Postfix 3.7.11 with PCRE2 10.42 says of each, with and without the flag `i`.
    @Test(arguments: [
        ("^(?-i)Isp$", "isp", false), ("^(?-i)Isp$", "Isp", true), ("^(?-i:I)sp$", "IsP", true),
        ("^(?-i:I)sp$", "isp", false), ("^((?-i)a|b)c$", "bC", true), ("^((?-i)a|b)c$", "Bc", false),
        ("^(?<name>a)\\1$", "aa", true), ("^(?P<n>a)(?'m'b)\\2$", "abb", true), ("^a(?#not b)c$", "ac", true),
        ("^a\\x40b\\x{2e}$", "a@b.", true), ("^\\Qa.b\\E$", "a.b", true), ("^\\Qa.b\\E$", "axb", false),
        ("^\\Q(", "(x", true), ("^(?s-im)A$", "a", false), ("^a\\hb$", "a b", true),
    ])
    func `What PCRE has of its own is read`(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    /// As regcomp(3) of glibc 2.36 and PCRE2 10.42 said of each, by Postfix's warning.
    private static let compiled: [(pattern: String, regexp: Bool, pcre: Bool)] = [
        ("(unclosed", false, false), ("closed)", true, false), ("(a(b)", false, false), ("*a", false, false),
        ("a|+b", false, false), ("^*a", false, false), ("(^*)", false, false), ("\\b+a", false, false),
        ("[abc", false, false), ("[]", false, false), ("[z-a]", false, false), ("[Z-a]", false, true),
        ("[a-c-e]", false, true), ("a{5,2}", false, false), ("a{x", false, true), ("a{1,2", false, true),
        ("{a", false, true), ("a**", true, false), ("[[:foo:]]", false, false),
        ("[[:alpha:]]", true, true), ("[:alpha:]", true, false), ("\\1", false, false),
        ("(a)\\2", false, false),
        ("(a)\\1", true, true), ("(?:a)", false, true), ("(?!a)b", false, true), ("()", true, true),
        ("a||b", true, true), ("\\d+", true, true), ("[--a]", true, true), ("{2}a", false, false),
        ("[a-]", true, true),
    ]

    @Test(arguments: compiled)
    func `A text is a pattern for us where it is one for Postfix`(text: String, regexp: Bool, pcre: Bool) {
        for (dialect, isPattern) in [(Pattern.Dialect.regexp, regexp), (.pcre, pcre)] {
            do throws(Pattern.Fault) {
                _ = try Pattern(Array(text.utf8), dialect: dialect)
                #expect(isPattern, "\(dialect)")
            } catch {
                #expect(!isPattern && error != .notUnderstood, "\(dialect)")
            }
        }
    }

    @Test(arguments: [
        ("\\D+", "ddd", true), ("\\d+", "ddd", false), ("\\d+", "12", false), ("a)", "a)", true),
        ("^a{,2}$", "aaa", false),
    ])
    func `Patterns match as regcomp's do`(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text, .regexp) == expected)
    }

    @Test(arguments: [
        ("/a/s", Pattern.Dialect.regexp), ("/a/g", .regexp), ("/a/A", .regexp), ("/a/g", .pcre),
        ("/a/o", .pcre),
    ])
    func `A flag that Postfix does not know makes it skip the rule`(key: String, dialect: Pattern.Dialect) {
        #expect(throws: Pattern.Fault.invalid("there is no flag \(key.last ?? " ")")) {
            try TablePattern(key: key, dialect: dialect)
        }
    }

    @Test func `A pattern that would take for ever is undecided`() throws {
        let pattern = try Pattern(Array("^(a+)+(a+)+(a+)+$".utf8), dialect: .pcre)
        #expect(
            pattern.search(Array(repeating: UInt8(ascii: "a"), count: 200) + [UInt8(ascii: "!")])
                == .undecided)
    }

    @Test func `Groups are captured`() throws {
        let pattern = try Pattern(Array("^([^=@]+)=([^=@]+)@here$".utf8), dialect: .regexp)
        let expected: [[UInt8]?] = [Array("u".utf8), Array("elsewhere.org".utf8)]
        #expect(pattern.search(Array("u=elsewhere.org@here".utf8)) == .match(expected))
    }

    @Test(arguments: [
        "example\\.net", "^(.*\\.)?example\\.net$", "^([^=@]+)=([^=@]+)@example\\.net$", "^198\\.51\\.",
        "a|b|c",
        "^postmaster@", "x{3}y+", "\\d+[a-f]?z",
    ])
    func `Samples match the pattern that they are made from`(text: String) throws {
        let pattern = try Pattern(Array(text.utf8), dialect: .pcre)
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
        let pattern = try Pattern(Array("((((((a{50}){50}){50}){50}){50}){50})|b".utf8), dialect: .pcre)
        #expect(pattern.samples(filling: []).map(\.text) == ["b"])
    }

    @Test(arguments: [
        ("/attacker \\.test $/x", "mail.attacker.test", true),
        ("/attacker \\.test $/", "attacker.test", false),
        ("/a\\ b/x", "a b", true), ("/a\\ b/x", "ab", false), ("/^[a ]+$/x", "a a", true),
        ("/test$ # ours/x", "a.test", true), ("/b|c/A", "cab", true), ("/b|c/A", "abc", false),
        ("/b /xx", "ab c", true), ("/b /xx", "abc", false),
    ])
    func `Space means nothing with the flag x, and A is for the beginning`(
        key: String, text: String, isMatch: Bool
    ) throws {
        let answer = try TablePattern(key: key, dialect: .pcre).pattern.search(Array(text.utf8))
        #expect((answer != .noMatch) == isMatch)
    }

    @Test func `Flags and negation of a table's pattern are read`() throws {
        let pattern = try TablePattern(key: "!/ABC/i", dialect: .pcre)
        #expect(pattern.isNegated)
        #expect(pattern.pattern.search(Array("abc".utf8)) == .noMatch)
        #expect(throws: Pattern.Fault.invalid("there is no flag Q")) {
            try TablePattern(key: "/a/Q", dialect: .pcre)
        }
        #expect(throws: Pattern.Fault.notUnderstood) {
            try TablePattern(key: "/a/!/b/!/c/", dialect: .regexp)
        }
        // "This and not that" (regexp_table(5)) is no expression with slashes in it.
        let both = try TablePattern(key: "/@example\\.net$/!/^bounce@/", dialect: .regexp)
        #expect(both.isAlso(about: Array("a@example.net".utf8)))
        #expect(!both.isAlso(about: Array("bounce@example.net".utf8)))
        let never = try TablePattern(key: "/a/!!/b/", dialect: .regexp)
        #expect(never.isAlso(about: Array("ab".utf8)) && !never.isAlso(about: Array("ac".utf8)))
        let slash = try TablePattern(key: "/a\\/b/", dialect: .pcre)
        #expect(slash.pattern.search(Array("a/b".utf8)) == .match([]))
    }
}
