internal import Glibc
internal import HostIO
internal import MailModel
internal import SMTPCore

/// What the Postfix of this host knows of messages: its queue first, then the end of its log.
///
/// Whatever cannot be read is left out: the probe then says that it does not know.
struct PostfixTracing: Sendable {
    var runProgram: RunProgram
    /// The addresses of this host: what is handed to them stays.
    var own: Set<IPAddress> = []
    /// Where Debian, Red Hat and Postfix itself log by default.
    static let logs = ["/var/log/mail.log", "/var/log/maillog", "/var/log/postfix.log"]
    private static let postqueue = "/usr/sbin/postqueue"
    private static let postconf = "/usr/sbin/postconf"
    /// How much of a log's end is looked at, in bytes.
    private static let tail = 4 << 20

    func callAsFunction(_ queueIDs: [String]) async -> [String: MessageTrace] {
        guard access(Self.postqueue, X_OK) == 0 else { return [:] }
        let queue = await output(Self.postqueue, ["-j"])
        var traces = Self.traces(inQueue: queue, of: Set(queueIDs))
        let gone = Set(queueIDs).subtracting(traces.keys)
        guard !gone.isEmpty, !queue.isUnknown else { return traces }
        let own = await output(Self.postconf, ["-h", "maillog_file"]).text
        for path in [own.filter { !$0.isWhitespace }] + Self.logs where path.hasPrefix("/") {
            guard let text = Self.end(of: path) else { continue }
            traces.merge(Self.traces(inLog: text, of: gone, own: self.own)) { first, _ in first }
        }
        return traces
    }

    private struct Output {
        var text: String
        var isUnknown: Bool
    }

    private func output(_ program: String, _ arguments: [String]) async -> Output {
        let result = try? await runProgram(
            ProgramCall(executable: program, arguments: arguments, deadline: .seconds(5)))
        guard let result, result.succeeded else { return Output(text: "", isUnknown: true) }
        return Output(text: result.outputText, isUnknown: false)
    }

    /// Reads what `postqueue -j` prints: one JSON object a line (postqueue(1)), in the order of its members.
    private static func traces(inQueue queue: Output, of ids: Set<String>) -> [String: MessageTrace] {
        traces(inQueue: queue.text, of: ids)
    }

    static func traces(inQueue text: String, of ids: Set<String>) -> [String: MessageTrace] {
        var traces: [String: MessageTrace] = [:]
        for line in text.split(separator: "\n") {
            guard let id = member("queue_id", in: line), ids.contains(id) else { continue }
            traces[id] =
                member("queue_name", in: line) == "hold"
                ? .held
                : .waiting(
                    member("delay_reason", in: line) ?? "it is in the queue",
                    recipient: member("address", in: line))
        }
        return traces
    }

    private static func member(_ name: String, in line: Substring) -> String? {
        guard let key = line.firstRange(of: "\"\(name)\": \"") else { return nil }
        return String(line[key.upperBound...].prefix { $0 != "\"" }.prefix(200))
    }

    /// Reads `QUEUEID: to=<…>, relay=…, …, status=sent (…)`, as the delivery agents of Postfix log it.
    ///
    /// A message that went to a content filter on this host is looked for under the name that it came back with.
    static func traces(
        inLog text: String, of ids: Set<String>, own: Set<IPAddress> = []
    ) -> [String: MessageTrace] {
        var traces: [String: MessageTrace] = [:]
        var names = Dictionary(uniqueKeysWithValues: ids.map { ($0, $0) })
        for line in text.split(separator: "\n") where line.contains(" status=") {
            guard let name = names.keys.first(where: { line.contains(" \($0): to=<") }), let id = names[name],
                let relay = value("relay", in: line), let status = value("status", in: line)
            else { continue }
            let recipient = recipient(in: line)
            let remote = server(relay, in: line, own: own)
            switch (status, remote) {
            case ("sent", let server?), ("bounced", let server?):
                traces[id] = .passedOn(server, recipient: recipient)
            case ("deferred", _):
                traces[id] = .waiting(reason(in: line) ?? "it is in the queue", recipient: recipient)
            case ("sent", nil) where relay.contains("]:"):
                if let next = requeued(in: line), names.count < idLimit { names[next] = id }
            default: traces[id] = .kept("\(relay), \(status)")
            }
        }
        return traces
    }

    /// How many names of messages are followed.
    private static let idLimit = 1000

    /// The other machine that was spoken to: the relay, or the one whose words a bounce gives.
    private static func server(_ relay: String, in line: Substring, own: Set<IPAddress>) -> String? {
        if let address = relay.remoteServer { return own.contains(address) ? nil : relay }
        guard let host = line.firstRange(of: " status=bounced (host ") else { return nil }
        let words = line[host.upperBound...].prefix { $0 != " " }
        guard let address = String(words).remoteServer, !own.contains(address) else { return nil }
        return String(words)
    }

    /// `250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4XYZabc`
    private static func requeued(in line: Substring) -> String? {
        guard let mark = line.ranges(of: "queued as ").last else { return nil }
        let id = line[mark.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return (4...40).contains(id.utf8.count) ? String(id) : nil
    }

    private static func recipient(in line: Substring) -> String? {
        guard let open = line.firstRange(of: ": to=<") else { return nil }
        return String(line[open.upperBound...].prefix { $0 != ">" }.prefix(320))
    }

    private static func value(_ name: String, in line: Substring) -> String? {
        guard let key = line.firstRange(of: " \(name)=") else { return nil }
        let value = line[key.upperBound...].prefix { $0 != "," && $0 != " " }
        return value.isEmpty ? nil : String(value.prefix(100))
    }

    /// What stands in parentheses at the end of the line.
    private static func reason(in line: Substring) -> String? {
        guard let open = line.firstRange(of: " status=deferred ("), line.hasSuffix(")") else { return nil }
        return String(line[open.upperBound...].dropLast().prefix(200))
    }

    private static func end(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0, lseek(descriptor, max(0, size - off_t(tail)), SEEK_SET) >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: min(Int(size), tail))
        var count = 0
        while count < bytes.count {
            let part = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            guard part > 0 else { break }
            count += part
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
