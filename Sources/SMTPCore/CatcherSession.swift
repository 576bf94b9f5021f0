/// The server's side of one SMTP connection to the vantage: takes what the probe itself has sent through a
/// relay, and nothing else.
///
/// Pure, and bounded: of a message only the head is kept, and a recipient without a live token is refused, so
/// that nobody can use a vantage as a mailbox.
package struct CatcherSession: Sendable {
    /// What to do after bytes came.
    package struct Output: Hashable, Sendable {
        package var reply: [UInt8] = []
        package var caught: [CaughtMessage] = []
        package var closes = false

        package init() {}
    }

    /// In bytes; RFC 5321 section 4.5.3.1.6 allows lines of 1,000.
    private static let lineLimit = 4096
    /// How much of a message's head is kept, in bytes.
    private static let headLimit = 16_384
    private static let recipientLimit = 100
    /// Commands without any mail in them, after which a client is sent away.
    private static let commandLimit = 1000

    private let tokenIn: @Sendable (String) -> String?
    private let awaitsRole: @Sendable (String) -> Bool
    fileprivate var line: [UInt8] = []
    private var isLineTooLong = false
    private var message: CaughtMessage?
    private var isReadingMessage = false
    private var head: [UInt8] = []
    private var isInHead = true
    fileprivate var report: [String: String] = [:]
    private var commands = 0

    /// - Parameters:
    ///   - tokenIn: the live token that an address contains.
    ///   - awaitsRole: whether a message is expected for this address without one, in lower case; its header has to have
    ///     the token.
    package init(
        tokenIn: @escaping @Sendable (String) -> String?,
        awaitsRole: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.tokenIn = tokenIn
        self.awaitsRole = awaitsRole
    }

    package static let greeting = Array("220 relay test, takes no other mail\r\n".utf8)

    package mutating func received(_ bytes: some Sequence<UInt8>) -> Output {
        var output = Output()
        for byte in bytes where !output.closes {
            guard byte == UInt8(ascii: "\n") else {
                if line.count < Self.lineLimit { line.append(byte) } else { isLineTooLong = true }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            isReadingMessage ? messageLine(&output) : command(&output)
            line.removeAll(keepingCapacity: true)
            isLineTooLong = false
        }
        return output
    }

    private mutating func command(_ output: inout Output) {
        commands += 1
        let text = String(decoding: line, as: UTF8.self)
        let verb = text.prefix(4).uppercased()
        let (reply, closes) = isLineTooLong ? ("500 5.5.2 line too long", false) : answer(verb, text)
        output.closes = closes || commands > Self.commandLimit
        output.reply += Array((reply + "\r\n").utf8)
    }

    private mutating func answer(_ verb: String, _ text: String) -> (String, closes: Bool) {
        switch verb {
        case "EHLO", "HELO":
            message = nil
            return ("250 relay.test.invalid", false)
        case "MAIL":
            message = CaughtMessage(mailFrom: Self.address(in: text))
            return ("250 2.1.0 ok", false)
        case "RCPT": return (recipient(Self.address(in: text)), false)
        case "DATA":
            guard message?.tokens.isEmpty == false else { return ("503 5.5.1 no recipient", false) }
            isReadingMessage = true
            isInHead = true
            head = []
            report = [:]
            return ("354 go on", false)
        case "RSET":
            message = nil
            return ("250 2.0.0 ok", false)
        case "NOOP": return ("250 2.0.0 ok", false)
        case "QUIT": return ("221 2.0.0 bye", true)
        default: return ("502 5.5.2 not implemented", false)
        }
    }

    private mutating func recipient(_ address: String) -> String {
        guard message != nil else { return "503 5.5.1 MAIL first" }
        guard let token = tokenIn(address) ?? (awaitsRole(address.lowercased()) ? Self.inHeader : nil) else {
            return "550 5.1.1 nobody here"
        }
        guard message.map({ $0.tokens.count < Self.recipientLimit }) ?? false else {
            return "452 4.5.3 too many recipients"
        }
        message?.tokens[token] = address
        return "250 2.1.5 ok"
    }

    private static func address(in text: String) -> String {
        guard let open = text.firstIndex(of: "<"), let close = text.lastIndex(of: ">"), open < close else {
            return ""
        }
        return String(text[text.index(after: open)..<close])
    }

    /// Stands for the token of a recipient that has none in its address, until the header is there.
    private static let inHeader = ""

    private mutating func endOfMessage(_ output: inout Output) -> String {
        defer { message = nil }
        guard var caught = message else { return "550 5.1.1 nobody here" }
        caught.head = head
        caught.report = report
        if let role = caught.tokens.removeValue(forKey: Self.inHeader),
            let token = caught.field("x-relay-test").flatMap(tokenIn)
        {
            caught.tokens[token] = role
        }
        guard !caught.tokens.isEmpty else { return "550 5.7.1 takes no other mail" }
        output.caught.append(caught)
        return "250 2.0.0 caught"
    }

    private mutating func messageLine(_ output: inout Output) {
        if line == [UInt8(ascii: ".")], !isLineTooLong {
            isReadingMessage = false
            output.reply += Array((endOfMessage(&output) + "\r\n").utf8)
            return
        }
        if line.isEmpty { isInHead = false }
        if !isInHead { reportLine() }
        guard isInHead, head.count + line.count < Self.headLimit else { return }
        head += line + [UInt8(ascii: "\n")]
    }
}

extension CatcherSession {
    /// Fields of a delivery status notification that say whose word it is (RFC 3464 section 2.3).
    private static let reportFields = ["final-recipient", "remote-mta"]

    fileprivate mutating func reportLine() {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon < 20 else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        guard Self.reportFields.contains(name), report[name] == nil else { return }
        // `rfc822; someone@example.org`, `dns; mx.example.org`
        let value = String(decoding: line[(colon + 1)...].prefix(300), as: UTF8.self)
        report[name] = value.split(separator: ";").last.map { String($0.filter { !$0.isWhitespace }) }
    }
}
