import MailModel
import Postfix

/// Messages to somebody here that say themselves to whom else, or instead, they are to go.
extension SMTPServer {
    var copyTraits: [Trait] { senderCopies + greetingCopies + textCopies }

    /// The sender's own address holds the other one (`sender_bcc_maps`; REDIRECT and BCC in access(5)).
    private var senderCopies: [Trait] {
        let names = accessTables(of: .sender) + rewriting.value(of: "sender_bcc_maps").items.map(\.text)
        return encodings(in: names) { text in
            [text, text + Stranger.domain, text + "@" + Stranger.domain].filter {
                $0.contains("@") && self.hasPossibleDomain($0)
            }
        }
        .map { found in
            Trait(
                change: .copied(to: postmaster, sender: found.text),
                who: "anyone, to \(found.recipients), written into the sender as \(found.text)",
                isEverybodys: found.isEverybodys)
        }
    }

    /// What the client calls itself does (REDIRECT and BCC in access(5)).
    private var greetingCopies: [Trait] {
        encodings(in: accessTables(of: .helo)) { [$0].filter(isHostName) }.map { found in
            Trait(
                change: .copied(to: postmaster, helo: found.text),
                who: "anyone, to \(found.recipients), said as HELO \(found.text)",
                isEverybodys: found.isEverybodys)
        }
    }

    private func accessTables(of subject: Restriction.Subject) -> [String] {
        let checks = (Array(lists.values) + Array(classes.values)).joined().compactMap {
            restriction -> String? in
            guard case .access(subject, let table) = restriction.kind else { return nil }
            return table
        }
        return Set(checks).sorted()
    }

    /// A header or a line of the text does (`header_checks`, `body_checks`).
    private var textCopies: [Trait] {
        let headers = encodings(in: names(of: "header_checks")) { text in
            [text, "Subject: \(text)"].filter { $0.prefix { $0 != ":" }.allSatisfy(\.isHeaderName) }
        }
        let lines = encodings(in: names(of: "body_checks")) { [$0] }
        return (headers + lines).map { found in
            Trait(
                change: .copied(to: postmaster, text: found.text),
                who: "anyone, to \(found.recipients), named in the message as in \(found.text)",
                isEverybodys: found.isEverybodys)
        }
    }

    private func names(of parameter: String) -> [String] {
        rewriting.value(of: parameter).items.map(\.text)
    }

    private var postmaster: String { "postmaster@\(hostedDomain)" }

    /// A text that says to whom a copy goes.
    private struct Encoding {
        var text: String
        /// The only recipient for whom it was made out; `nil` where every address can be written so.
        var example: String?

        var isEverybodys: Bool { example == nil }
        var recipients: String { example.map { "recipients such as \($0)" } ?? "every recipient" }
    }

    /// For each rule of patterns that takes a domain from what the table is asked: the text for an ordinary stranger's
    /// recipient where every address there is can be written so, one for a domain that nobody wrote down otherwise.
    /// - Parameter forms: what a text that the pattern matches may be part of.
    private func encodings(in tables: [String], forms: @escaping (String) -> [String]) -> [Encoding] {
        tables.flatMap { host.tables.table($0).leaves }.flatMap { table -> [Encoding] in
            guard case .patterns(let rules) = table.content else { return [] }
            return rules.prefix(1000).compactMap { rule -> Encoding? in
                guard rule.kind == .rule, rule.value.contains("$"), let pattern = rule.pattern,
                    !pattern.isNegated
                else { return nil }
                let encoded = [Stranger.recipient, Stranger.otherMailbox].map { target in
                    spellings(target, in: rule.value, pattern.pattern).lazy.flatMap { held in
                        pattern.pattern.samples(filling: [], holding: held).map(\.text).flatMap(forms)
                    }.first { text in
                        guard case .found(let value, rule.entry) = table.ask(text) else { return false }
                        return rewritingTargets(value).contains(target)
                    }
                }
                if let text = encoded[0], encoded[1] != nil { return Encoding(text: text) }
                return example(of: rule, pattern.pattern, table, forms)
            }
        }
    }

    private func example(
        of rule: LookupTable.PatternRule, _ pattern: Pattern, _ table: LookupTable,
        _ forms: (String) -> [String]
    ) -> Encoding? {
        let fillings: [[UInt8]] = [Stranger.domain.bytes, "x7q".bytes, []]
        for text in fillings.flatMap({ pattern.samples(filling: $0) }).map(\.text).flatMap(forms) {
            guard case .found(let value, rule.entry) = table.ask(text),
                let target = rewritingTargets(value).first(where: { isChosen($0, by: rule.value) })
            else { continue }
            return Encoding(text: text, example: target)
        }
        return nil
    }
}

extension Character {
    /// RFC 5322, section 2.2.
    fileprivate var isHeaderName: Bool { isASCII && (isLetter || isNumber || self == "-") }
}
