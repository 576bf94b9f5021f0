/// What was asked of the host: an answer, or why there is none. What was not seen never counts as compliant.
package enum Observed<Value: Sendable>: Sendable {
    case seen(Value)
    /// Why not, as a sentence without a full stop.
    case unseen(String)

    package var value: Value? {
        if case .seen(let value) = self { value } else { nil }
    }

    package var reason: String? {
        if case .unseen(let reason) = self { reason } else { nil }
    }

    package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Observed<Other> {
        switch self {
        case .seen(let value): .seen(transform(value))
        case .unseen(let reason): .unseen(reason)
        }
    }
}

extension Observed: Equatable where Value: Equatable {}

/// Everything that was observed of the host at one moment. Observing changes nothing.
package struct HostState: Sendable, Equatable {
    /// The host's own name, as `uname` gives it.
    package var name: String
    /// systemd's machine id, which tells two hosts of one name apart (machine-id(5)).
    package var machineID: String?
    package var observedAt: Timestamp
    package var plesk: Observed<PleskState>
    /// The MTA that Plesk manages.
    package var managedMTA: Observed<ManagedMTA>
    /// Who listens on the SMTP ports (25, 465, 587) and on every other TCP port that an smtpd of the
    /// managed MTA serves.
    package var listeners: Observed<[Listener]>
    /// The files of xinetd, inetd and upstart that have another program serve a mail port, by their path.
    package var superserverFiles: [String: FileContent]
    /// What makes xinetd or inetd read its files again, by the name of the program: a program and its arguments.
    package var superserverReloads: [String: [String]]
    package var postfix: Observed<PostfixConfiguration>
    package var qmail: Observed<QmailConfiguration>
    /// Of further instances of Postfix that have a mail port, by their configuration directories; what could not be
    /// read is left out.
    package var instances: [String: PostfixConfiguration] = [:]
    package var queue: Observed<QueueCount>
    /// Messages in the queue that strangers relayed and that may still leave; `nil` where nobody asked, since every
    /// message has to be read for it.
    package var relayedWaiting: Int?
    package var hosted: Observed<HostedMail>
    /// The safe harbour that an earlier change ended in; `nil` where there was none, or the host has left it since.
    package var harbour: SafeHarbour?

    package init(
        name: String, machineID: String?, observedAt: Timestamp, plesk: Observed<PleskState>,
        managedMTA: Observed<ManagedMTA>, listeners: Observed<[Listener]>,
        postfix: Observed<PostfixConfiguration>, queue: Observed<QueueCount>,
        hosted: Observed<HostedMail>,
        qmail: Observed<QmailConfiguration> = .unseen("Qmail was not looked for"),
        superserverFiles: [String: FileContent] = [:], superserverReloads: [String: [String]] = [:]
    ) {
        self.qmail = qmail
        self.superserverFiles = superserverFiles
        self.superserverReloads = superserverReloads
        self.name = name
        self.machineID = machineID
        self.observedAt = observedAt
        self.plesk = plesk
        self.managedMTA = managedMTA
        self.listeners = listeners
        self.postfix = postfix
        self.queue = queue
        self.hosted = hosted
    }
}

/// The smallest closed configuration, which a change ended in.
package struct SafeHarbour: Sendable, Equatable {
    package var changeSet: Int
    /// What its files hold without it, by path, with whatever was changed in them since.
    package var filesWithout: [String: [UInt8]]
    /// The files in which the same lines were changed since: by hand is the only way out.
    package var conflicts: [String]

    package init(changeSet: Int, filesWithout: [String: [UInt8]], conflicts: [String]) {
        self.changeSet = changeSet
        self.filesWithout = filesWithout
        self.conflicts = conflicts
    }
}

/// The mail transfer agents that Plesk can manage (plesk.md 1.6: a radio group, one at a time).
package enum MailTransferAgent: String, Sendable, CaseIterable, Codable {
    case postfix, qmail
    /// Relay only: there is no inbound SMTP service.
    case msmtp
}

/// Which MTA Plesk manages, and what says so.
package struct ManagedMTA: Sendable, Equatable {
    package var mta: MailTransferAgent
    /// Each source that was asked, with its answer, for the evidence.
    package var evidence: [Evidence]
    /// What starts it, and the state that is in; `nil` when it was not seen.
    package var service: ServiceManager?
    /// The sources that name another MTA.
    package var dissent: [Evidence]
    /// What keeps its servers on port 25 running beside ``service``: a tcpserver of Qmail's may be supervised.
    package var servers: [SupervisedDirectory] = []
    /// Those that are put down (`svc -d`), where nothing else is to serve the port.
    package var downServers: [SupervisedDirectory] = []
    /// What starts the supervisors of all of these.
    package var supervisors: [ServiceManager] = []

    package init(
        _ mta: MailTransferAgent, evidence: [Evidence], service: ServiceManager? = nil,
        dissent: [Evidence] = []
    ) {
        self.mta = mta
        self.evidence = evidence
        self.service = service
        self.dissent = dissent
    }
}

/// A place, and what stands there.
package struct Evidence: Hashable, Sendable, Codable {
    /// A file, or the source of a setting such as `plesk db` or `/proc/net/tcp`.
    package var file: String
    /// Counted from 1; `nil` where there are no lines.
    package var line: Int?
    package var text: String

    package init(file: String, line: Int? = nil, text: String) {
        self.file = file
        self.line = line
        self.text = text
    }
}

/// The mail that the host really serves, for the probe's control question.
package struct HostedMail: Sendable, Equatable {
    package var domains: [String]
    /// Mailboxes that exist, the best to ask for first; not all of them where there are many.
    package var recipients: [String]
    /// An address that a user of the host sends from, where that is another one.
    package var sender: String?
    /// A domain that the host relays for; `nil` when there is none.
    package var relayDomain: String?

    package init(
        domains: [String], recipients: [String], sender: String? = nil, relayDomain: String? = nil
    ) {
        self.domains = domains
        self.recipients = recipients
        self.sender = sender
        self.relayDomain = relayDomain
    }
}
