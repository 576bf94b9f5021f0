/// The delivery instructions of a `.qmail` file (dot-qmail(5)).
struct DotQmail: Sendable {
    enum Kind: Sendable {
        case program, forward, mailbox
    }

    struct Instruction: Sendable {
        var kind: Kind
        var text: String
        /// From 1.
        var line: Int

        /// Whether the program is one that sends mail on.
        var sendsMail: Bool {
            words.contains {
                ["forward", "qmail-inject", "new-inject", "sendmail", "qmail-remote"].contains($0)
            }
        }

        /// Whether it makes something of the address that the mail was sent to (qmail-command(8)).
        var usesRecipient: Bool {
            ["EXT", "DEFAULT", "LOCAL", "RECIPIENT"].contains {
                text.contains("$\($0)") || text.contains("${\($0)")
            }
        }

        private var words: [String] {
            text.split(whereSeparator: { " \t|;&\"'`$(){}".contains($0) }).map { String($0).baseName }
        }
    }

    let instructions: [Instruction]

    init(_ bytes: [UInt8]) {
        instructions = Lines(bytes).lines.enumerated().compactMap { index, line in
            var line = line[...]
            while let last = line.last, last.isSpace { line = line.dropLast() }
            guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
            let kind: Kind =
                switch first {
                case UInt8(ascii: "|"): .program
                case UInt8(ascii: "."), UInt8(ascii: "/"): .mailbox
                default: .forward
                }
            return Instruction(kind: kind, text: line.text, line: index + 1)
        }
    }
}
