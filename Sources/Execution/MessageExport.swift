internal import Content
internal import Foundation
internal import HostIO
package import MailModel

/// One message that was written out, as the list of an export has it.
package struct ExportedMessage: Codable, Sendable, Equatable {
    package var id: String
    /// Microseconds since 1970.
    package var arrived: Int64
    package var origin: MessageOrigin
    /// The file's name in the directory, and the digests of it and of the queue file that it was made from.
    package var file: String
    package var sha256: String
    package var queueFileSHA256: String

    package var messageID: MessageID { MessageID(id: id, arrived: arrived) }
}

/// A directory of messages, each as an `.eml` file, with the list of them in `messages.jsonl`.
///
/// The list has the digest of each, so that what is to be deleted from the queue can be compared with its copy.
package struct MessageExport {
    private let directory: String
    private let list: FileHandle
    private static let listName = "messages.jsonl"

    /// - Throws: ``Failure`` when the directory cannot be made, or is there and not empty.
    package init(creating directory: String) throws(Failure) {
        self.directory = directory
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard entries.isEmpty else {
            throw Failure(
                .failed, "nothing was exported: \(directory) is not empty",
                remedy: "Name a directory that is not there yet.")
        }
        try makePrivateDirectory(directory, existing: .becomesPrivate)
        list = try newFile("\(directory)/\(Self.listName)")
    }

    /// Writes one message.
    /// - Parameters:
    ///   - queueFile: The bytes that it was read from.
    ///   - text: The message as it was handed in.
    ///   - envelope: Header fields that say what the message itself does not, put before it.
    package func write(
        _ message: MessageID, origin: MessageOrigin, queueFile: [UInt8],
        envelope: [(name: String, value: [UInt8])],
        text: [UInt8]
    ) throws(Failure) {
        var bytes: [UInt8] = []
        for field in envelope {
            bytes += Array("\(field.name): ".utf8)
            // A value that could begin another field, or end the header, is in no honest envelope.
            bytes += field.value.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 } + [0x0a]
        }
        bytes += text
        let name = "\(message.id).eml"
        try write(bytes, to: newFile("\(directory)/\(name)"), named: name)
        let entry = ExportedMessage(
            id: message.id, arrived: message.arrived, origin: origin, file: name, sha256: sha256(bytes),
            queueFileSHA256: sha256(queueFile))
        try write(Array((try encode(entry) + "\n").utf8), to: list, named: Self.listName)
    }

    /// Makes everything durable: what is deleted from the queue must not be lost with the power.
    package func finish() throws(Failure) {
        guard (try? list.synchronize()) != nil else { throw cannotWrite(Self.listName) }
        sync()
    }

    /// What an export holds and is still as it was written.
    /// - Returns: The messages, and the files that are not what the list says.
    package static func read(
        _ directory: String
    ) throws(Failure) -> (messages: [ExportedMessage], damaged: [String]) {
        let lines = try readFile("\(directory)/\(listName)", limit: 1 << 30).split(separator: 0x0a)
        var messages: [ExportedMessage] = []
        var damaged: [String] = []
        for line in lines {
            guard let entry = try? JSONDecoder().decode(ExportedMessage.self, from: Data(line)),
                entry.file == "\(entry.id).eml", !entry.id.contains("/")
            else {
                throw Failure(
                    .invalid, "\(directory)/\(listName) is not the list of an export",
                    remedy: "Name the directory that `agent queue export` wrote.")
            }
            let bytes = try? readFile("\(directory)/\(entry.file)", limit: 1 << 30)
            if let bytes, sha256(bytes) == entry.sha256 {
                messages.append(entry)
            } else {
                damaged.append(entry.file)
            }
        }
        return (messages, damaged)
    }

    private func write(_ bytes: [UInt8], to file: FileHandle, named name: String) throws(Failure) {
        do { try file.write(contentsOf: Data(bytes)) } catch { throw cannotWrite(name) }
    }

    private func cannotWrite(_ name: String) -> Failure {
        Failure(
            .failed, "\(directory)/\(name) cannot be written",
            remedy: "Look whether there is room: `df \(directory)`.")
    }
}

private func newFile(_ path: String) throws(Failure) -> FileHandle {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
        throw Failure(
            .failed, "\(path) cannot be made", detail: String(cString: strerror(errno)),
            remedy: "Name a directory that is not there yet, on a file system with room.")
    }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}
