package import MailModel

/// Where Postfix keeps the file of a message (postconf(5): `queue_directory`, `hash_queue_names`,
/// `hash_queue_depth`).
package struct QueueLayout: Sendable, Equatable {
    package var directory: String
    package var hashedQueues: Set<String>
    package var depth: Int

    package init(directory: String, hashedQueues: Set<String> = ["deferred", "defer"], depth: Int = 1) {
        self.directory = directory
        self.hashedQueues = hashedQueues
        self.depth = depth
    }

    /// The path of a message's file in a queue, whether it is there or not.
    package func path(of id: String, in queue: PostfixQueue) -> String {
        let base = "\(directory)/\(queue.rawValue)/"
        guard hashedQueues.contains(queue.rawValue) else { return base + id }
        var characters = Array(spreading(id))
        while characters.count < depth { characters.append("_") }
        return base + characters.prefix(depth).map { "\($0)/" }.joined() + id
    }

    /// The characters by which messages are spread over directories: the microsecond of its arrival in hexadecimal,
    /// which a short queue id begins with and a long one has in base 52 (mail_queue.h, `MQID_LG_GET_HEX_USEC`).
    private func spreading(_ id: String) -> String {
        let bytes = Array(id.utf8)
        // A long id has six characters for the second, four for the microsecond, and a z.
        guard bytes.count > 10, let separator = bytes.lastIndex(of: UInt8(ascii: "z")), separator >= 10 else {
            return id
        }
        var microsecond = 0
        for byte in bytes[(separator - 4)..<separator] {
            guard let digit = alphabet.firstIndex(of: byte) else { return id }
            microsecond = microsecond * 52 + digit
        }
        let digits = String(microsecond, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// Whether a text can be a queue id: nothing else may come to stand in a path or a command's input.
    package static func isQueueID(_ id: String) -> Bool {
        (6...32).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            }
    }
}

/// Digits of base 52 (mail_queue.h, `MQID_LG_SEC_BASE`): no vowels, so that no words come up.
private let alphabet = Array("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz".utf8)
