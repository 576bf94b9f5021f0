import MailModel
import Postfix

/// What keeps Postfix from serving, put into words.
extension Explanation {
    func cause(broken why: String, _ place: Place?, _ listener: ServiceListener?) -> RelayCause {
        let meant =
            why.hasPrefix("unknown smtpd restriction")
            ? place.flatMap { RestrictionParser.nearestName(to: $0.token) } : nil
        return RelayCause(
            kind: CauseKind.broken.rawValue, parameter: place.flatMap(parameter) ?? "",
            file: host.quoting.name(of: place?.file ?? .main), line: place?.line,
            text: place.map(text) ?? "", culprit: place?.token, opens: "nobody: \(why)",
            listener: listener?.port ?? 25, address: listener.flatMap(address),
            remedy: place.flatMap(remedyForMissing) ?? remedy(forBroken: why, place)
                + (meant.map { hint(meaning: $0, for: place?.token ?? "") }
                    ?? place.flatMap { releaseNote($0, listener) } ?? ""))
    }

    /// The release that has made a line that was right wrong, or is the first in which it is right.
    private func releaseNote(_ place: Place, _ listener: ServiceListener?) -> String? {
        if place.token == "postscreen" { return came(.postscreen, with: "postscreen") }
        if let name = TableName(place.token), let change = ReleaseChange.ofTable(name),
            !host.version.includes(change)
        {
            return came(change, with: "\(name.type):")
        }
        guard let listener, listener.program == .smtpd else { return nil }
        let values = host.values(ofService: listener.service)
        let lists = [parameter(at: place) ?? place.token, "smtpd_relay_restrictions"]
        for item in lists.flatMap({ values.value(of: $0).items }).map(\.text.folded) {
            guard let change = RestrictionParser.change(of: item) else { continue }
            if change == .removedRestrictions, host.version.includes(change) {
                return came(change, with: item)
            }
        }
        // Postfix asks for a rejection where its default had one.
        guard ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"].contains(lists[0]),
            host.version.includes(.relayRestrictionsByLevel),
            values.text(of: "smtpd_relay_restrictions").isEmpty,
            case .builtIn? = values.value(of: "smtpd_relay_restrictions").origin
        else { return nil }
        let level = values.text(of: "compatibility_level")
        let change = ReleaseChange.relayRestrictionsByLevel
        return " With compatibility_level = \(level) smtpd_relay_restrictions is empty by default since "
            + "\(change.since.major).\(change.since.minor) (\(change.releaseNote))."
    }

    private func came(_ change: ReleaseChange, with what: String) -> String {
        " \(what) \(change == .removedRestrictions ? "went" : "came") with \(change.since.major).\(change.since.minor) "
            + "(\(change.releaseNote))."
    }

    /// The line of a place; the row of a table that is not read as text.
    private func text(of place: Place) -> String {
        guard case .table(let source) = place.file, host.quoting.bytes(of: place.file) == nil,
            let entry = host.tables.made.first(where: { $0.source == source })?.entries
                .first(where: { $0.line == place.line && $0.value == place.token })
        else { return host.quoting.text(of: place) }
        return "\(entry.key) \(entry.value)"
    }

    private func hint(meaning name: String, for written: String) -> String {
        guard name == written.lowercased() else { return " Did you mean \(name)?" }
        let change = RestrictionParser.change(of: name)
        let when = change.map {
            " It \(host.version.includes($0) ? "went" : "came") with \($0.since.major).\($0.since.minor) (\($0.releaseNote))."
        }
        return " Postfix \(host.version.major).\(host.version.minor) does not know it.\(when ?? "")"
    }
}
