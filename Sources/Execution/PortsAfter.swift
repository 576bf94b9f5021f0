internal import Foundation
import MailModel
import Recording

/// The part of a recorded plan that tells who had the mail ports before the change set; nothing more is read back.
private struct RecordedPorts: Decodable {
    struct Host: Decodable { var mta: String? }
    var host: Host?
    /// Not in a journal of an earlier release.
    var listeners: [PortHolder]?
}

extension Engine {
    /// Who has the mail ports after a rollback, compared with who had them before the change set that it takes back.
    /// - Returns: What is not as it was, and what else the reader should know: sentences without full stops.
    func portsAfterRollback() async throws(Failure) -> (lost: [String], notes: [String]) {
        guard let change = try journal.store.changeSet(journal.changeSet)?.reverts, !instruments.isBeforeMail
        else { return ([], []) }
        let recorded = try recordedPorts(of: change)
        let steps = try journal.store.steps(of: change).map { row throws(Failure) in try RecordedStep(row) }
        let ports = recorded?.listeners == nil ? [] : steps.portsOfServices
        let looked = ports.union([25])
        let wanted = ports.isEmpty ? nil : recorded?.listeners?.filter { looked.contains($0.port) }
        let now = await instruments.holders(looked, wanted)
        let lost = wanted.map { differences(from: $0, to: now, on: ports) } ?? []
        guard recorded?.host?.mta != MailTransferAgent.msmtp.rawValue,
            !now.contains(where: { $0.port == 25 && $0.isReachable })
        else { return (lost, []) }
        let wasSo = recorded?.listeners?.contains { $0.port == 25 && $0.isReachable } == false
        return (
            lost,
            [
                "nobody serves port 25 for other hosts" + (wasSo ? ", as before change \(change)" : "")
                    + ": this host takes no mail from outside"
            ]
        )
    }

    /// What of the mail ports is not as it was before this change set, now that it is taken back.
    func portsNotTakenBack(_ steps: [RecordedStep]) async throws(Failure) -> [String] {
        let ports = steps.portsOfServices
        guard !ports.isEmpty, !instruments.isBeforeMail,
            let wanted = try recordedPorts(of: journal.changeSet)?.listeners?
                .filter({ ports.contains($0.port) })
        else { return [] }
        return differences(from: wanted, to: await instruments.holders(ports, wanted), on: ports)
    }

    /// Returns when the programs that had mail ports beside the MTA before the change set that is being taken back have
    /// them again, or after a while. A superserver reads its files, and takes the ports in them, only some time after
    /// the command that tells it to has ended: an MTA that is started before has them first.
    func awaitPortsOfOthers() async throws(Failure) {
        let change = try journal.store.changeSet(journal.changeSet)?.reverts ?? journal.changeSet
        let steps = try journal.store.steps(of: change).map { row throws(Failure) in try RecordedStep(row) }
        let ports = steps.portsOfServices
        let others = try recordedPorts(of: change)?.listeners?.filter {
            ports.contains($0.port) && !$0.isOfMTA
        }
        guard let others, !others.isEmpty else { return }
        _ = await instruments.holders(ports, others)
    }

    private func recordedPorts(of change: Int) throws(Failure) -> RecordedPorts? {
        guard let row = try journal.store.changeSet(change) else { return nil }
        let document = try journal.store.content(row.planDigest)
        return try? JSONDecoder().decode(RecordedPorts.self, from: Data(document))
    }
}

private func differences(from old: [PortHolder], to new: [PortHolder], on ports: Set<Int>) -> [String] {
    ports.sorted().compactMap { port in
        let was = Set(old.filter { $0.port == port })
        let now = Set(new.filter { $0.port == port })
        guard was != now else { return nil }
        return "port \(port) had \(sentence(was)) before, and has \(sentence(now)) now"
    }
}

private func sentence(_ holders: Set<PortHolder>) -> String {
    guard !holders.isEmpty else { return "nobody" }
    return Dictionary(grouping: holders, by: \.program).sorted { $0.key < $1.key }.map { program, own in
        "\(program) (\(own.map(\.address).sorted().joined(separator: ", ")))"
    }.joined(separator: " and ")
}
