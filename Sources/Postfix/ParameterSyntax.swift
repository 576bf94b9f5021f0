/// What the value of a parameter has to look like, so that the programs that read it start (mail_conf_int.c,
/// mail_conf_long.c, mail_conf_time.c, mail_conf_bool.c, mail_conf_str.c, name_mask.c; measured on 3.7.11).
package struct ParameterSyntax: Sendable {
    /// Who reads the parameter when it starts. Without one of the first four no mail is taken; without the others what
    /// was taken stays in the queue.
    package struct Readers: OptionSet, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// - Parameter name: as the program is called, or `everybody`.
        package init?(named name: String) {
            guard let place = Self.names.firstIndex(of: name) else { return nil }
            rawValue = 1 << UInt16(place)
        }

        private static let names = [
            "everybody", "smtpd", "rewrite", "cleanup", "qmgr", "smtp", "lmtp", "local", "virtual", "pipe",
        ]

        package static let everybody = Readers(rawValue: 1 << 0)
        package static let smtpd = Readers(rawValue: 1 << 1)
        package static let rewrite = Readers(rawValue: 1 << 2)
        package static let cleanup = Readers(rawValue: 1 << 3)
        package static let qmgr = Readers(rawValue: 1 << 4)
        package static let smtp = Readers(rawValue: 1 << 5)
        package static let lmtp = Readers(rawValue: 1 << 6)
        package static let local = Readers(rawValue: 1 << 7)
        package static let virtual = Readers(rawValue: 1 << 8)
        package static let pipe = Readers(rawValue: 1 << 9)
    }

    private enum Form: Sendable {
        case text
        /// With so many characters.
        case word(least: Int)
        /// The second has 64 bits.
        case number(ClosedRange<Int>), size(least: Int)
        /// In seconds; without a unit it has the parameter's own.
        case time(ClosedRange<Int>, unit: Character)
        case yesOrNo
        /// A list of lookup tables.
        case tables
        /// A list of such words, or one of them, in whichever case.
        case words(Set<String>), choice(Set<String>)
        /// A list of such words in lower case.
        case exactWords(Set<String>)
    }

    package private(set) var readers: Readers
    private var form: Form

    /// - Returns: `nil` for a parameter that none of them reads.
    package static func of(_ name: String) -> ParameterSyntax? {
        if let syntax = known[name] { return syntax }
        // lmtp(8) is smtp(8), with names of its own.
        guard name.hasPrefix("lmtp_"), var syntax = known["smtp_" + name.dropFirst("lmtp_".count)],
            syntax.readers.contains(.smtp)
        else { return nil }
        syntax.readers = [.lmtp]
        return syntax
    }

    /// The parameter by which qmgr(8) limits one transport, when it first has mail for it (qmgr_transport.c).
    package static func of(_ name: String, limiting transport: String) -> ParameterSyntax? {
        guard name.hasPrefix("\(transport)_") else { return nil }
        let general = "default_" + name.dropFirst(transport.count + 1)
        let isInitial = general == "default_initial_destination_concurrency"
        guard let syntax = known[isInitial ? "initial_destination_concurrency" : general],
            syntax.readers == [.qmgr]
        else { return nil }
        return syntax
    }

    /// Why a program that reads the value stops.
    package func fault(of value: EffectiveValue, named name: String) -> String? {
        if let fault = value.fault { return fault }
        let text = value.text.text
        switch form {
        case .text: return nil
        case .word(let least):
            let count = value.text.bytes.count
            return count >= least ? nil : "bad string length \(count) < \(least): \(name) = \(text)"
        case .number(let range): return fault(of: Int32(text).map(Int.init), range, text, name)
        case .size(let least): return fault(of: Int(text), least...Int.max, text, name)
        case .time(let range, let unit):
            guard let seconds = Self.seconds(text, unit: unit) else {
                return "parameter \(name): bad time value or unit: \(text)"
            }
            if seconds < range.lowerBound { return "invalid \(name): \(text) (min \(range.lowerBound))" }
            return seconds <= range.upperBound
                ? nil : "invalid \(name): \(seconds) (max \(range.upperBound))"
        case .yesOrNo:
            let isEither = ["yes", "no"].contains(text.folded)
            return isEither ? nil : "bad boolean configuration: \(name) = \(text)"
        case .tables:
            let bad = value.items.first { !$0.text.contains(":") }
            return bad.map { "open dictionary: expecting \"type:name\" form instead of \"\($0.text)\"" }
        case .words(let words):
            let bad = value.items.first { !words.contains($0.text.folded) }
            return bad.map { "unknown \(name) value \"\($0.text)\" in \"\(text)\"" }
        case .exactWords(let words):
            let bad = value.items.first { !words.contains($0.text) }
            return bad.map { "unknown \(name) value \"\($0.text)\" in \"\(text)\"" }
        case .choice(let words):
            return words.contains(text.folded) ? nil : "invalid \(name) value: \"\(text)\""
        }
    }

    private func fault(
        of number: Int?, _ range: ClosedRange<Int>, _ text: String, _ name: String
    ) -> String? {
        guard let number else { return "bad numerical configuration: \(name) = \(text)" }
        if number < range.lowerBound {
            return "invalid \(name) parameter value \(text) < \(range.lowerBound)"
        }
        return number <= range.upperBound
            ? nil : "invalid \(name) parameter value \(text) > \(range.upperBound)"
    }

    /// A number, of which a unit alone is 0, and its unit, behind which nothing is looked at (conv_time.c).
    package static func seconds(_ text: String, unit: Character = "s") -> Int? {
        let isSigned = text.hasPrefix("+") || text.hasPrefix("-0")
        let unsigned = isSigned ? text.dropFirst() : text[...]
        let digits = unsigned.prefix { $0.isASCII && $0.isNumber }
        guard !text.isEmpty, let factor = seconds(in: unsigned.dropFirst(digits.count).first ?? unit),
            let number = digits.isEmpty ? 0 : Int32(digits)
        else { return nil }
        // What does not fit is too much from one before the last that would.
        guard factor == 1 || Int(number) < Int(Int32.max) / factor else { return nil }
        return Int(number) * factor
    }

    private static func seconds(in unit: Character) -> Int? {
        switch unit {
        case "s": 1
        case "m": 60
        case "h": 3600
        case "d": 86400
        case "w": 604_800
        default: nil
        }
    }

    /// What is not looked at until there is mail.
    private static let spelled: [String: ParameterSyntax] = {
        let addresses: Set = ["envelope_sender", "envelope_recipient", "header_sender", "header_recipient"]
        let forms: [(String, Readers, Form)] = [
            (
                "receive_override_options", [.smtpd],
                .words([
                    "no_unknown_recipient_checks", "no_address_mappings", "no_header_body_checks",
                    "no_milters",
                ])
            ),
            (
                "notify_classes", [.smtpd, .smtp, .lmtp],
                .words(["bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"])
            ),
            ("canonical_classes", [.cleanup], .words(addresses)),
            ("masquerade_classes", [.cleanup], .words(addresses)),
            (
                "propagate_unmatched_extensions", [.cleanup, .smtp, .lmtp, .local],
                .words(["canonical", "virtual", "alias", "forward", "include", "generic"])
            ),
            ("smtputf8_autodetect_classes", [.cleanup], .words(["sendmail", "verify", "all"])),
            (
                "header_from_format", [.smtpd, .cleanup, .smtp, .lmtp],
                .choice(["standard", "obsolete"])
            ),
            (
                "smtp_tls_security_level", [.smtp],
                .choice([
                    "", "none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure",
                ])
            ),
            ("smtp_address_preference", [.smtp], .choice(["any", "ipv4", "ipv6"])),
            ("smtp_dns_support_level", [.smtp], .choice(["", "disabled", "enabled", "dnssec"])),
            ("smtp_address_verify_target", [.smtp], .choice(["rcpt", "data"])),
            ("smtp_host_lookup", [.smtp], .exactWords(["dns", "native"])),
            ("smtp_dns_resolver_options", [.smtp], .exactWords(["res_defnames", "res_dnsrch"])),
            // smtpd takes it as it is.
            ("info_log_address_format", [.qmgr], .choice(["external", "internal"])),
        ]
        // Whoever thinks of `permit` here has smtpd stop (smtpd_check.c).
        let tempfail = [
            "reject", "unknown_address", "unknown_helo_hostname", "unverified_recipient", "unverified_sender",
        ].map { name -> (String, Readers, Form) in
            ("\(name)_tempfail_action", [.smtpd], .choice(["defer", "defer_if_permit"]))
        }
        return Dictionary(
            uniqueKeysWithValues: (forms + tempfail).map { name, readers, form in
                (name, ParameterSyntax(readers: readers, form: form))
            })
    }()

    private static let known: [String: ParameterSyntax] = {
        var known: [String: ParameterSyntax] = [:]
        known.reserveCapacity(1 << 10)
        forEachLine(of: measured) { line in
            var words: [String] = []
            forEachPiece(of: line, between: " ") { words.append(String(decoding: $0, as: UTF8.self)) }
            guard let equals = words.firstIndex(of: "=") else { return }
            let readers = words[..<equals].compactMap(Readers.init(named:))
            let limits = words[(readers.count + 1)..<equals]
            guard let form = form(words[readers.count], Array(limits)) else { return }
            let syntax = ParameterSyntax(readers: Readers(readers), form: form)
            for name in words[equals...].dropFirst() { known[name] = syntax }
        }
        for (name, syntax) in spelled { known[name] = syntax }
        return known
    }()

    private static func form(_ word: String, _ limits: [String]) -> Form? {
        let numbers = limits.compactMap(Int.init)
        let unit = limits.first { Int($0) == nil }?.first ?? "s"
        func range(from lowest: Int) -> ClosedRange<Int> {
            (numbers.first ?? lowest)...(numbers.dropFirst().first ?? .max)
        }
        return switch word {
        case "text": .text
        case "word": .word(least: numbers.first ?? 1)
        case "number": .number(range(from: .min))
        case "size": .size(least: numbers.first ?? .min)
        case "time": .time(range(from: 0), unit: unit)
        case "yesOrNo": .yesOrNo
        case "tables": .tables
        default: nil
        }
    }
}
