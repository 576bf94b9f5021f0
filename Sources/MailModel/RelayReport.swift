/// Whether strangers can relay: clients that are not logged in and outside every vouched network.
package enum RelayVerdict: String, Sendable, CaseIterable, Codable {
    /// Any stranger can relay to any foreign recipient by some address form or on some port.
    case open
    /// Only certain clients, senders, HELO names or recipients can.
    case partial
    /// None can.
    case closed
    /// The MTA would not start or would refuse everyone.
    case broken
    /// It depends on something that cannot be read.
    case unknown
}

/// What the configuration alone says about relaying (`agent explain`).
package struct RelayReport: Sendable, Equatable, Codable {
    package var mta: MailTransferAgent
    package var verdict: RelayVerdict
    package var listeners: [ListenerVerdict]
    package var causes: [RelayCause]
    package var risks: [RelayRisk]

    package init(
        mta: MailTransferAgent, verdict: RelayVerdict, listeners: [ListenerVerdict], causes: [RelayCause],
        risks: [RelayRisk]
    ) {
        self.mta = mta
        self.verdict = verdict
        self.listeners = listeners
        self.causes = causes
        self.risks = risks
    }

    /// Whether strangers' mail is taken and kept in the queue, so that all of it leaves once what keeps it is lifted
    /// (HOLD in access(5) and header_checks(5), `defer_transports` in postconf(5), a daemon that does not start).
    package var keepsStrangersMail: Bool { risks.contains { $0.kind == RelayRisk.deferredRelay } }
}

/// The verdict for one address and port.
package struct ListenerVerdict: Hashable, Sendable, Codable {
    /// As bound: `0.0.0.0`, `::`, or an address.
    package var address: String
    package var port: Int
    /// The service as `master.cf` names it: `submission/inet`.
    package var service: String
    package var verdict: RelayVerdict

    package init(address: String, port: Int, service: String, verdict: RelayVerdict) {
        self.address = address
        self.port = port
        self.service = service
        self.verdict = verdict
    }
}

/// One thing that opens the relay (or breaks it, or makes it unknowable), with the line that says so.
package struct RelayCause: Hashable, Sendable, Codable {
    /// A stable word for the mechanism: `mynetworks`, `client-access`, `relay-domains`, …
    package var kind: String
    package var parameter: String
    /// Relative to the configuration directory when inside it (`main.cf`, `maps/clients`), else absolute.
    package var file: String
    /// From 1; `nil` when a built-in default is to blame, or an entry of a compiled table.
    package var line: Int?
    /// The line as it stands, without its end.
    package var text: String
    /// The part of ``text`` that is to blame.
    package var culprit: String?
    /// Who can use it: `every client`, `clients in 128.0.0.0/1`, `anyone who says HELO localhost`.
    package var opens: String
    /// The port.
    package var listener: Int
    /// Where on it, if several services share the port.
    package var address: String?
    /// What would close it, as an instruction.
    package var remedy: String

    package init(
        kind: String, parameter: String, file: String, line: Int?, text: String, culprit: String?,
        opens: String, listener: Int, address: String? = nil, remedy: String
    ) {
        self.kind = kind
        self.parameter = parameter
        self.file = file
        self.line = line
        self.text = text
        self.culprit = culprit
        self.opens = opens
        self.listener = listener
        self.address = address
        self.remedy = remedy
    }
}

/// Something that does not relay but weakens the host.
package struct RelayRisk: Hashable, Sendable, Codable {
    /// The kind of what keeps strangers' mail in the queue for now.
    package static let deferredRelay = "deferred-relay"

    package var kind: String
    package var parameter: String?
    package var file: String?
    package var line: Int?
    package var text: String?
    /// One sentence.
    package var why: String

    package init(
        kind: String, parameter: String? = nil, file: String? = nil, line: Int? = nil, text: String? = nil,
        why: String
    ) {
        self.kind = kind
        self.parameter = parameter
        self.file = file
        self.line = line
        self.text = text
        self.why = why
    }
}

/// A configuration after the smallest edits that close it.
package struct RelayRepair: Sendable, Equatable {
    /// One for each file, with every hunk in it.
    package var edits: [FileEdit]
    /// What the edits cost: clients that may be legitimate, and how to vouch for them.
    package var notes: [String]
    /// The verdict of the edited bytes.
    package var after: RelayReport

    package init(edits: [FileEdit], notes: [String], after: RelayReport) {
        self.edits = edits
        self.notes = notes
        self.after = after
    }
}
