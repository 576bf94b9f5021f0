import MailModel

/// A file of xinetd's configuration (xinetd.conf(5)), as far as it decides who is served by what.
struct XinetdText: Sendable {
    struct Attribute: Hashable, Sendable {
        /// `=`, `+=` or `-=`.
        var operation: String
        var name: String
        /// White space parts the values; each has its line.
        var values: [Word]
        var line: Int
    }

    struct Entry: Hashable, Sendable {
        /// `smtp`; `nil` for the `defaults` entry.
        var service: String?
        var attributes: [Attribute]
        var line: Int

        func values(_ name: String) -> [Word] { values(name, over: nil) ?? [] }

        /// - Parameter defaults: what the operators `+=` and `-=` start from, for attributes that `defaults` may have.
        /// - Returns: `nil` where neither names the attribute: to xinetd, `only_from =` is more than nothing.
        func values(_ name: String, over defaults: Entry?) -> [Word]? {
            var values = defaults?.values(name, over: nil)
            for attribute in attributes where attribute.name == name {
                switch attribute.operation {
                case "-=":
                    values = (values ?? []).filter { value in
                        !attribute.values.contains { $0.text == value.text }
                    }
                case "+=": values = (values ?? []) + attribute.values
                // Of attributes that do not add up, xinetd keeps what it read last.
                default: values = attribute.values
                }
            }
            return values
        }

        func value(_ name: String) -> Word? { values(name).first }
    }

    private(set) var entries: [Entry] = []

    init(_ bytes: [UInt8]) {
        var open: Entry?
        var awaiting: Entry?
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            let words = words(of: line, number: number)
            guard let first = words.first, !first.text.hasPrefix("#") else { continue }
            if open != nil {
                if first.text == "}" {
                    open.map { entries.append($0) }
                    open = nil
                } else if let attribute = Self.attribute(words) {
                    open?.attributes.append(attribute)
                }
            } else if first.text == "{" {
                open = awaiting
                awaiting = nil
            } else if first.text == "service" || first.text == "defaults" {
                let name = first.text == "service" ? words.dropFirst().first?.text : nil
                let entry = Entry(service: name, attributes: [], line: number)
                if words.last?.text == "{" { open = entry } else { awaiting = entry }
            }
        }
    }

    /// The operator may stand without white space about it.
    private static func attribute(_ words: [Word]) -> Attribute? {
        guard let name = words.first else { return nil }
        if words.count >= 2, ["=", "+=", "-="].contains(words[1].text) {
            return Attribute(
                operation: words[1].text, name: name.text, values: Array(words.dropFirst(2)), line: name.line)
        }
        guard let equals = name.text.firstIndex(of: "=") else { return nil }
        var head = name.text[..<equals]
        var operation = "="
        if let sign = head.last, sign == "+" || sign == "-" {
            head = head.dropLast()
            operation = "\(sign)="
        }
        let first = name.text[name.text.index(after: equals)...]
        let rest = first.isEmpty ? [] : [Word(text: String(first), line: name.line)]
        return Attribute(
            operation: operation, name: String(head), values: rest + words.dropFirst(), line: name.line)
    }
}
