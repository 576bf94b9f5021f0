/// A JSON value whose keys stay in the order in which they were written.
indirect enum SchemaValue {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([SchemaValue])
    case object([(String, SchemaValue)])

    /// Indented by two spaces, as editors and reviewers like to read it.
    func rendered(indentation: Int = 0) -> String {
        let inner = String(repeating: "  ", count: indentation + 1)
        let outer = String(repeating: "  ", count: indentation)
        switch self {
        case .text(let text): return Self.escaped(text)
        case .number(let number): return String(number)
        case .flag(let flag): return String(flag)
        case .list(let items) where items.isEmpty: return "[]"
        case .list(let items):
            let isShort = items.allSatisfy(\.isScalar)
            guard !isShort else { return "[" + items.map { $0.rendered() }.joined(separator: ", ") + "]" }
            let lines = items.map { inner + $0.rendered(indentation: indentation + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        case .object(let fields):
            let lines = fields.map { key, value in
                "\(inner)\(Self.escaped(key)): \(value.rendered(indentation: indentation + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .number, .flag: true
        case .list, .object: false
        }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped + "\""
    }
}
