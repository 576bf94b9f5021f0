import MailModel

/// Takes what matters out of the records of one queue file: envelope, headers, extracted recipients.
struct QueueFileReader {
    private static let keptHeaders = 1000
    private static let keptReceived = 3

    private var records: QueueRecords
    private var message = QueuedMessage(arrived: 0)
    private var original: [UInt8]?
    private var counted = 0
    private var header: [UInt8] = []
    private var isContinued = false

    private let keptRecipients: Int

    init(keptRecipients: Int, _ read: @escaping (Int, Int) -> [UInt8]) {
        self.keptRecipients = keptRecipients
        records = QueueRecords(read)
    }

    /// - Returns: `nil` where this is no queue file.
    mutating func parse() -> QueuedMessage? {
        guard var record = records.next() else { return nil }
        var endOfContent: Int?
        if record.type == UInt8(ascii: "C") {
            // Size of the content, where it begins, recipients (`REC_TYPE_SIZE_FORMAT`).
            let fields = record.data.split(separator: 0x20).prefix(3).compactMap { decimal($0) }
            guard fields.count == 3, let next = records.next() else { return nil }
            endOfContent = fields[0] &+ fields[1]
            message.recipientCount = fields[2]
            record = next
        }
        guard record.type == UInt8(ascii: "T"), let arrived = time(record.data) else { return nil }
        message.arrived = arrived
        guard readEnvelope() else { return message }
        message.isWhole = readHeaders() && readExtracted(from: endOfContent)
        if message.recipientCount == 0 { message.recipientCount = counted }
        return message
    }

    /// - Returns: Whether the content was reached.
    private mutating func readEnvelope() -> Bool {
        while let record = records.next() {
            if record.type == UInt8(ascii: "M") { return true }
            take(record)
        }
        return false
    }

    /// The recipients that sendmail(1) was told to find in the headers stand behind the content.
    private mutating func readExtracted(from end: Int?) -> Bool {
        if let end, end > records.offset { records.offset = end }
        while let record = records.next(), record.type != UInt8(ascii: "X") {
            // What was moved by a filter does not end where it should; the envelope is read all the same.
            guard isContent(record.type) else { return false }
        }
        while let record = records.next() {
            if record.type == UInt8(ascii: "E") { return true }
            take(record)
        }
        return false
    }

    private mutating func take(_ record: QueueRecord) {
        switch record.type {
        case UInt8(ascii: "S"): message.sender = Array(record.data)
        case UInt8(ascii: "A"): takeAttribute(record.data)
        case UInt8(ascii: "O"): original = Array(record.data)
        case UInt8(ascii: "R"):
            counted += 1
            if message.recipients.count < keptRecipients {
                message.recipients.append(.init(address: Array(record.data), original: original))
            }
            original = nil
        case UInt8(ascii: "D"), UInt8(ascii: "/"): original = nil
        default: break
        }
    }

    private mutating func takeAttribute(_ data: ArraySlice<UInt8>) {
        guard let equals = data.firstIndex(of: UInt8(ascii: "=")) else { return }
        let value = data[(equals + 1)...]
        let name = data[..<equals]
        switch name.count {
        case 14 where name.elementsEqual("client_address".utf8): message.clientAddress = Array(value)
        case 18 where name.elementsEqual("log_client_address".utf8):
            message.loggedClientAddress = Array(value)
        case 13 where name.elementsEqual("sasl_username".utf8):
            if !value.isEmpty { message.login = Array(value) }
        default: break
        }
    }

    // MARK: - Headers

    private func isContent(_ type: UInt8) -> Bool { type == UInt8(ascii: "N") || type == UInt8(ascii: "L") }

    /// - Returns: Whether the headers came to their end.
    private mutating func readHeaders() -> Bool {
        for _ in 0..<Self.keptHeaders {
            guard let record = records.next() else { return false }
            guard isContent(record.type) else {
                takeHeader()
                // The content was headers alone: what was just read opens the extracted records.
                guard record.type == UInt8(ascii: "X") else { return false }
                records.offset -= 2
                return true
            }
            if record.data.isEmpty, !isContinued {
                takeHeader()
                return true
            }
            let isFolded = record.data.first == 0x20 || record.data.first == 0x09
            if !isContinued, !isFolded { takeHeader() }
            if header.count < QueueRecords.dataLimit { header += record.data }
            // A line that is longer than one record goes on in the next.
            isContinued = record.type == UInt8(ascii: "L")
        }
        takeHeader()
        return true
    }

    private mutating func takeHeader() {
        defer { header.removeAll(keepingCapacity: true) }
        guard let colon = header.prefix(64).firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = header[..<colon]
        let value = { (header: [UInt8]) in Array(header[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }) }
        switch colon {
        case 8 where isName(name, "received"):
            // A client chooses its HELO name, and with it words of this line.
            if message.received.isEmpty, message.clientAddress == nil { message.userID = userID(header) }
            if message.received.count < Self.keptReceived { message.received.append(value(header)) }
        case 7 where isName(name, "subject"): message.subject = message.subject ?? value(header)
        case 12 where isName(name, "delivered-to"): message.wasDeliveredHere = true
        case 24 where isName(name, "x-php-originating-script"):
            message.phpScript = message.phpScript ?? value(header)
        default: break
        }
    }

    private func isName(_ name: ArraySlice<UInt8>, _ expected: StaticString) -> Bool {
        expected.withUTF8Buffer { letters in
            name.elementsEqual(letters) { $0 == $1 || $0 | 0x20 == $1 && $0 >= 0x41 && $0 <= 0x5a }
        }
    }
}

/// Seconds and microseconds since 1970, as one number of microseconds.
func time(_ data: ArraySlice<UInt8>) -> Int64? {
    let fields = data.split(separator: 0x20).compactMap { decimal($0) }
    guard let seconds = fields.first, seconds < 1 << 40 else { return nil }
    return Int64(seconds * 1_000_000 + (fields.count > 1 ? min(fields[1], 999_999) : 0))
}

/// The number in `Received: by HOST (Postfix, from userid NUMBER)`, which pickup(8) writes.
private func userID(_ header: [UInt8]) -> Int? {
    let mark = Array(", from userid ".utf8)
    guard header.count >= mark.count,
        let start = (0...(header.count - mark.count)).first(where: { header[$0...].starts(with: mark) })
    else { return nil }
    return decimal(header[(start + mark.count)...].prefix { (0x30...0x39).contains($0) })
}
