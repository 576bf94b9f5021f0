/// How text is set off on a terminal. Colour is never the only carrier: a glyph or a word stands with it.
package enum TerminalStyle: Sendable {
    case plain, colored

    func green(_ text: String) -> String { wrap(text, "32") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func bold(_ text: String) -> String { wrap(text, "1") }
    func faint(_ text: String) -> String { wrap(text, "2") }

    private func wrap(_ text: String, _ code: String) -> String {
        switch self {
        case .plain: text
        case .colored: "\u{1b}[\(code)m\(text)\u{1b}[0m"
        }
    }

    /// A unified diff with its lines coloured.
    func diff(_ text: String, indent: String) -> String {
        text.split(separator: "\n").map { line in
            let row = indent + line
            switch line.first {
            case "+": return green(row)
            case "-": return red(row)
            default: return row
            }
        }.joined(separator: "\n")
    }
}
