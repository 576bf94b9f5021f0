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
        .map { sender in
            Trait(
                change: .copied(to: postmaster, sender: sender),
                who: "anyone, to every recipient, written into the sender as \(sender)",
                isEverybodys: true)
        }
    }

    /// What the client calls itself does (REDIRECT and BCC in access(5)).
    private var greetingCopies: [Trait] {
        encodings(in: accessTables(of: .helo)) { [$0].filter(isHostName) }.map { helo in
            Trait(
                change: .copied(to: postmaster, helo: helo),
                who: "anyone, to every recipient, said as HELO \(helo)", isEverybodys: true)
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
        return (headers + lines).map { text in
            Trait(
                change: .copied(to: postmaster, text: text),
                who: "anyone, to every recipient, named in the message as in \(text)", isEverybodys: true)
        }
    }

    private func names(of parameter: String) -> [String] {
        rewriting.value(of: parameter).items.map(\.text)
    }

    private var postmaster: String { "postmaster@\(hostedDomain)" }

    /// For each rule of patterns by which every address there is can be written into what the table is asked, that for
    /// an ordinary stranger's recipient.
    /// - Parameter forms: what a text that the pattern matches may be part of.
    private func encodings(in tables: [String], forms: @escaping (String) -> [String]) -> [String] {
        tables.flatMap { host.tables.table($0).leaves }.flatMap { table -> [String] in
            guard case .patterns(let rules) = table.content else { return [] }
            return rules.prefix(1000).compactMap { rule -> String? in
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
                return encoded[1] == nil ? nil : encoded[0]
            }
        }
    }
}

extension Character {
    /// RFC 5322, section 2.2.
    fileprivate var isHeaderName: Bool { isASCII && (isLetter || isNumber || self == "-") }
}
