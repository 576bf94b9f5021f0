/// tcpserver's rules: what they admit and which environment they give, by the client
/// (<https://cr.yp.to/ucspi-tcp/tcprules.html>).
struct TCPRules: Sendable {
    struct Rule: Hashable, Sendable {
        var client: RuleClient
        var isDenied: Bool
        /// In the order of the rule; a later setting of a name wins.
        var environment: [Setting]
        /// The line in the source, from 1; `nil` for a rule that is known from the compiled file alone.
        var line: Int?
    }

    struct Setting: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// In the order of the file, the first one for each client only: the one that tcpserver finds.
    private(set) var rules: [Rule] = []
    /// The first line that `tcprules` does not understand: it then leaves the compiled file as it was.
    private(set) var unreadableLine: Int?

    /// Reads the source form.
    init(source bytes: [UInt8]) {
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            var line = line
            while let last = line.last, last.isSpace { line = line.dropLast() }
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard let rule = Rule(line, number: index + 1) else {
                unreadableLine = unreadableLine ?? index + 1
                continue
            }
            append(rule)
        }
    }

    /// Reads the compiled form.
    init(compiled bytes: [UInt8]) throws(ConstantDatabase.Damage) {
        for record in try ConstantDatabase.records(bytes) {
            var rule = Rule(
                client: RuleClient(record.key.text), isDenied: false, environment: [], line: nil)
            for part in record.data.split(separator: 0) {
                if part.first == UInt8(ascii: "D") { rule.isDenied = true }
                guard part.first == UInt8(ascii: "+") else { continue }
                let setting = part.dropFirst().split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard setting.count == 2 else { continue }
                rule.environment.append(Setting(name: setting[0].text, value: setting[1].text))
            }
            append(rule)
        }
    }

    private mutating func append(_ rule: Rule) {
        if !rules.contains(where: { $0.client == rule.client }) { rules.append(rule) }
    }

    /// Whether both say the same of every client.
    func saysTheSame(as other: TCPRules) -> Bool {
        let facts = { (rules: TCPRules) in
            rules.expanded.map { "\($0.client.text)|\($0.isDenied)|\($0.environment)" }.sorted()
        }
        return facts(self) == facts(other)
    }

    /// The rules with each range (`10.0.0.1-9`) written out, as the compiled form has them.
    private var expanded: [Rule] {
        rules.flatMap { rule in
            rule.client.members.map {
                Rule(client: RuleClient($0), isDenied: rule.isDenied, environment: rule.environment)
            }
        }
    }

    /// What `tcprules` makes of the rules of a source.
    /// - Returns: `nil` when it would refuse them.
    static func compiled(source bytes: [UInt8]) -> [UInt8]? {
        var records: [ConstantDatabase.Record] = []
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            var line = line
            while let last = line.last, last.isSpace { line = line.dropLast() }
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard let rule = Rule(line, number: index + 1) else { return nil }
            var data: [UInt8] = rule.isDenied ? [UInt8(ascii: "D"), 0] : []
            for setting in rule.environment { data += Array("+\(setting.name)=\(setting.value)".utf8) + [0] }
            for member in rule.client.members {
                records.append(ConstantDatabase.Record(key: Array(member.utf8), data: data))
            }
        }
        return ConstantDatabase.bytes(records)
    }
}

extension TCPRules.Rule {
    /// Reads `address:allow,NAME="value",…` or `address:deny`; any character may stand for the quotes.
    init?(_ line: ArraySlice<UInt8>, number: Int) {
        // Some builds know addresses of IPv6, which have colons of their own.
        guard let colon = Self.instruction(in: line) else { return nil }
        client = RuleClient(line[..<colon].text)
        self.line = number
        environment = []
        var rest = line[(colon + 1)...]
        if rest.starts(with: Array("allow".utf8)) {
            isDenied = false
            rest = rest.dropFirst(5)
        } else {
            isDenied = true
            rest = rest.dropFirst(4)
        }
        while let comma = rest.first {
            guard comma == UInt8(ascii: ","), let equals = rest.firstIndex(of: UInt8(ascii: "=")),
                rest.endIndex - equals > 2
            else { return nil }
            let quote = rest[equals + 1]
            guard let end = rest[(equals + 2)...].firstIndex(of: quote) else { return nil }
            environment.append(
                TCPRules.Setting(
                    name: rest[(rest.startIndex + 1)..<equals].text, value: rest[(equals + 2)..<end].text))
            rest = rest[(end + 1)...]
        }
    }

    private static func instruction(in line: ArraySlice<UInt8>) -> Int? {
        line.indices.first { index in
            guard line[index] == UInt8(ascii: ":") else { return false }
            let rest = line[(index + 1)...]
            return rest.starts(with: Array("allow".utf8)) || rest.starts(with: Array("deny".utf8))
        }
    }
}
