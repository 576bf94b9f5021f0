/// One of `smtpd_milters`: `inet:localhost:8891`, or `{ inet:localhost:8891, default_action=accept }` (milter.c).
package struct MilterService: Sendable {
    /// Why smtpd cannot use it.
    package enum Fault: Hashable, Sendable {
        /// It stops at every client, whatever the default action.
        case fatal(String)
        /// It does with the mail what the default action says.
        case unusable(String)
    }

    /// As written.
    package let endpoint: String
    package let fault: Fault?
    private let options: [(name: String, value: String)]

    package init(_ item: ListItem) {
        let isBraced = item.text.hasPrefix("{")
        let inner = item.bytes[...].strippingBraces
        let words =
            isBraced ? tokenRanges(in: inner, separators: isListSeparator).map { Array(inner[$0]) } : []
        endpoint = isBraced ? words.first?.text ?? "" : item.text
        var options: [(name: String, value: String)] = []
        var fault: Fault?
        for word in words.dropFirst() {
            let text = word[...].strippingBraces.text
            guard let equals = text.firstIndex(of: "=") else {
                fault = fault ?? .fatal("malformed option: missing '=' after attribute name: \"\(text)\"")
                continue
            }
            let name = text[..<equals].trimmed
            if !Self.names.contains(name) { fault = fault ?? .fatal("unknown option: \"\(text)\"") }
            let value = text[text.index(after: equals)...].trimmed
            if name.hasSuffix("_timeout"), ParameterSyntax.seconds(value) == nil {
                fault = fault ?? .fatal("\(name): bad time value or unit: \(value)")
            }
            options.append((name, value))
        }
        self.options = options
        if isBraced, !item.text.hasSuffix("}") {
            self.fault = .fatal("milter service syntax error: missing '}' in \"\(item.text)\"")
        } else if isBraced, words.isEmpty {
            self.fault = .fatal("empty milter definition: \"\(item.text)\"")
        } else {
            self.fault = fault ?? Self.fault(of: endpoint)
        }
    }

    private static let names: Set = [
        "connect_timeout", "command_timeout", "content_timeout", "default_action", "protocol",
    ]

    /// The last one counts; `nil` where there is none of the name.
    package func option(_ name: String) -> String? { options.last { $0.name == name }?.value }

    /// Those of every client alike: which client has others is not known where a map says so.
    package static func all(_ values: ParameterValues) -> [MilterService] {
        let isOff = values.value(of: "receive_override_options").items.contains {
            $0.text.folded == "no_milters"
        }
        guard !isOff, values.text(of: "smtpd_milter_maps").isEmpty else { return [] }
        return values.value(of: "smtpd_milters").items.map(MilterService.init)
    }

    /// What smtpd does with all mail while it cannot use the milter; `nil` where it does without.
    package func refusal(_ values: ParameterValues) -> String? {
        let action = option("default_action") ?? values.text(of: "milter_default_action")
        let isRefusal = !["accept", "quarantine"].contains(action.folded)
        return isRefusal ? "all mail is refused (default action \(action))" : nil
    }

    private static func fault(of endpoint: String) -> Fault? {
        let (kind, address) = endpoint.splitAtColon
        guard ["inet", "unix", "local"].contains(kind) else {
            return .unusable("bad transport type in milter service name \(endpoint)")
        }
        guard !address.isEmpty else { return .unusable("milter service name \(endpoint) has no address") }
        guard kind == "inet" else { return nil }
        let port = address.lastIndex(of: ":").map { address[address.index(after: $0)...] } ?? address[...]
        guard port.first?.isNumber == true else {
            // What is no port here may be one by the host's services(5), but hardly with the name of a host.
            let isHost = !address.contains(":") && (address == "localhost" || address.contains("."))
            return isHost ? .unusable("milter service name \(endpoint) has no port") : nil
        }
        guard port.allSatisfy(\.isNumber) else { return .fatal("\(port): garbage after numerical service") }
        return Int(port).map { $0 <= UInt16.max } == true
            ? nil : .unusable("milter service name \(endpoint) has no port")
    }
}

extension String {
    fileprivate var splitAtColon: (String, String) {
        guard let colon = firstIndex(of: ":") else { return (self, "") }
        return (String(self[..<colon]), String(self[index(after: colon)...]))
    }
}

extension Substring {
    fileprivate var trimmed: String { Array(utf8)[...].trimmingSpace().text }
}
