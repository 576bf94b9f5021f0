internal import MailModel

/// One node of a policy file: what is written, and where.
struct PolicyNode {
    enum Content {
        /// Text, with how it is written: YAML takes `1000` for a number and `"1000"` for text.
        case scalar(String, Style)
        case mapping([Field])
        case sequence([PolicyNode])
        /// Something that a policy may not hold; it has been reported.
        case refused
    }

    enum Style {
        case plain, quoted
    }

    struct Field {
        var key: PolicyNode
        var value: PolicyNode
    }

    var content: Content
    var location: SourceLocation

    /// The node in the words of a message: what it is instead of what was wanted.
    var kind: String {
        switch content {
        case .mapping: "a block of keys"
        case .sequence: "a list"
        case .scalar(_, .quoted): "text in quotes"
        case .scalar(let text, .plain): Self.isNothing(text) ? "empty" : quoted(text)
        case .refused: "what it is"
        }
    }

    /// Whether YAML 1.2's core schema (section 10.3.2) reads the plain text as null.
    static func isNothing(_ text: String) -> Bool {
        ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// Text of the file as a message shows it: in backquotes, and no longer than a line bears.
func quoted(_ text: String) -> String {
    let longest = 60
    return text.count > longest ? "`\(text.prefix(longest))…`" : "`\(text)`"
}
