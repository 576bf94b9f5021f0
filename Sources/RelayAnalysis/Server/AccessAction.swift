import Postfix

/// What the value of an access(5) table makes smtpd do.
enum AccessAction {
    case permit
    case dunno
    case reject
    case deferIfPermit
    case deferIfReject
    /// The message is accepted and goes nowhere.
    case discard
    /// The message is accepted, and goes elsewhere.
    case divert
    /// The message is accepted, and a transport gets it in place of any other.
    case filter(String)
    /// The message is accepted, and waits until somebody releases it.
    case hold
    case configurationError(String)
    case restrictions([Restriction])

    /// What it does, in short; `nil` where that is in the value.
    var trace: Int? {
        switch self {
        case .permit: 11
        case .dunno: 12
        case .reject: 13
        case .deferIfPermit: 14
        case .deferIfReject: 15
        case .discard: 16
        case .divert: 17
        case .hold: 18
        case .configurationError, .restrictions, .filter: nil
        }
    }
}

extension SMTPServer {
    /// Reads a table's value as `check_table_result` does.
    func action(of value: String) -> AccessAction {
        if let known = actions[value] { return known }
        let action = makeAction(value)
        actions[value] = action
        return action
    }

    private func makeAction(_ value: String) -> AccessAction {
        // Postfix takes no table's word for it (maps.c).
        if value.isEmpty { return .configurationError("the lookup returns an empty string result") }
        let word = value.prefix { $0 != " " && $0 != "\t" }
        let text = value.dropFirst(word.count).drop { $0 == " " || $0 == "\t" }
        switch word.uppercased() {
        case "DUNNO", "INFO", "WARN", "PREPEND", "BCC": return .dunno
        case "REJECT", "DEFER", "HANGUP": return .reject
        case "DEFER_IF_PERMIT": return .deferIfPermit
        case "DEFER_IF_REJECT": return .deferIfReject
        case "DISCARD": return .discard
        case "HOLD": return .hold
        case "REDIRECT": return text.contains("@") ? .divert : .dunno
        case "FILTER":
            let transport = String(text.prefix { $0 != ":" })
            guard text.contains(":") else { return .dunno }
            return isSink(transport: transport) ? .divert : .filter(String(text))
        default: break
        }
        if value.utf8.allSatisfy(\.isDigit) { return .permit }
        let isReply = word.utf8.count == 3 && !text.isEmpty && word.utf8.allSatisfy(\.isDigit)
        if isReply, word.first == "4" || word.first == "5" { return .reject }
        if ["OK", "RELAY"].contains(word.uppercased()) { return .permit }
        if value.contains(":") {
            return .configurationError("access table entry with lookup table: \(value)")
        }
        let items = listItems(of: SourcedText(value.bytes, origin: .builtIn("")))
        // In the dark ages, an empty right-hand side meant OK.
        return items.isEmpty ? .permit : .restrictions(parser.parse(items))
    }
}
