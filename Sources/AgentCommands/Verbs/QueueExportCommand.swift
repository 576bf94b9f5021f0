import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Observation
import Postfix
import QueueAnalysis
import Reporting

struct QueueExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write messages of the queue out as .eml files, with their envelope.",
        discussion: """
            The queue is not changed. Before each message stand the fields Return-Path,
            X-Envelope-To and what else only the queue file says; messages.jsonl lists
            the messages with their digests.

            EXAMPLES:
              agent queue export /root/evidence             all that is on hold
              agent queue export /root/evidence --relayed

            EXIT STATUS:
              0   written
              1   failed, or the directory is not empty, or some could not be written whole
              64  usage
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "A directory that is not there yet, or is empty.", completion: .directory)
    var directory: String

    @OptionGroup var options: SelectionOptions

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "queue export", because: "The queue belongs to the MTA.")
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            try await host.requirePostfixQueue()
            let isNamed = options.relayed || !options.matching.isEmpty
            let state = await host.observe()
            let selected = try host.select(
                isNamed ? options.selection() : .everything, state,
                in: isNamed ? [.incoming, .active, .deferred, .hold] : [.hold])
            let export = try MessageExport(creating: URL(filePath: directory).path)
            var result = ExportResult(directory: directory, selected: selected.ids.count)
            let rules = host.originRules(state)
            for message in selected.ids { try host.export(message, rules, to: export, &result) }
            try export.finish()
            terminal.show(
                text: { renderExport(result, style: $0) }, document: { exportDocument(result) })
            return result.unreadable > 0 ? .failed : .done
        }
    }
}

extension Host {
    fileprivate func export(
        _ id: MessageID, _ rules: OriginRules, to export: MessageExport, _ result: inout ExportResult
    ) throws(Failure) {
        let instruments = liveInstruments(terminal)
        let layout = queueLayout(instruments)
        // Between the two looks it may have moved on, at most to deferred or back.
        for _ in 0..<3 {
            guard let queue = placesInQueue()(id) else { break }
            guard let bytes = queueFile(of: id, in: queue, layout, instruments) else { continue }
            let read = { (offset: Int, count: Int) in
                Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
            }
            var text: [UInt8] = []
            guard let message = QueuedMessage(postfixQueueFile: read, keptRecipients: .max), message.isWhole,
                readContent(ofQueueFile: read, limit: bytes.count + (1 << 20), { text += $0 })
            else {
                result.unreadable += 1
                return
            }
            try export.write(
                id, origin: rules.origin(of: message).origin, queueFile: bytes,
                envelope: envelope(message, id), text: text)
            result.written += 1
            return
        }
        result.gone += 1
    }
}

/// What of a message only its queue file says, as header fields.
private func envelope(_ message: QueuedMessage, _ id: MessageID) -> [(name: String, value: [UInt8])] {
    let arrived = Timestamp(microseconds: id.arrived).rfc3339
    var fields: [(name: String, value: [UInt8])] = [
        ("Return-Path", [0x3c] + (message.sender ?? []) + [0x3e])
    ]
    fields += message.recipients.map { ("X-Envelope-To", [0x3c] + $0.address + [0x3e]) }
    fields += [("X-Queue-ID", Array(id.id.utf8)), ("X-Arrived", Array(arrived.utf8))]
    if let client = message.clientAddress { fields.append(("X-Client-Address", client)) }
    if let login = message.login { fields.append(("X-Login", login)) }
    if let user = message.userID { fields.append(("X-Local-User-ID", Array(String(user).utf8))) }
    return fields
}
