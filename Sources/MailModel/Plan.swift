/// What must change on the host so that it complies, and why: a value that explains itself.
package struct Plan: Sendable, Equatable {
    package var created: Timestamp
    /// The version of this program that made it.
    package var agentVersion: String
    package var host: HostIdentity
    package var policy: PolicyIdentity
    /// `sha256:…` over everything the plan depends on; a host with another one makes the plan stale.
    package var fingerprint: String
    /// The verdict of the configuration as it is; `nil` when it could not be read.
    package var relayBefore: RelayVerdict?
    /// The verdict of the configuration after the changes.
    package var relayAfter: RelayVerdict?
    package var findings: [Finding]
    package var changes: [Change]
    /// Why an apply would refuse and change nothing, as far as it can be told before; seen by `agent plan` alone.
    package var refusals: [String] = []
    /// What it does only because somebody asked for it: an apply of the saved plan need not be asked again.
    package var consents: Set<Consent> = []
    /// Who had the mail ports when the plan was made: what a rollback is compared with.
    package var holders: [PortHolder] = []

    package init(
        created: Timestamp, agentVersion: String, host: HostIdentity, policy: PolicyIdentity,
        fingerprint: String, relayBefore: RelayVerdict?, relayAfter: RelayVerdict?, findings: [Finding],
        changes: [Change]
    ) {
        self.created = created
        self.agentVersion = agentVersion
        self.host = host
        self.policy = policy
        self.fingerprint = fingerprint
        self.relayBefore = relayBefore
        self.relayAfter = relayAfter
        self.findings = findings
        self.changes = changes
    }

    /// The one predicate for "is there anything to do".
    package var isEmpty: Bool { changes.isEmpty }
}

/// What a plan does only where it is asked for, named as the option that asks.
package enum Consent: String, Hashable, Sendable, CaseIterable {
    /// A program on port 25 that nothing manages is ended, not only reported.
    case stopUnmanaged = "stop-unmanaged"
    /// A host is brought out of the safe harbour.
    case leaveHarbour = "leave-harbour"
}

/// The host that a plan is for.
package struct HostIdentity: Hashable, Sendable, Codable {
    package var name: String
    package var machineID: String?
    /// `18.0.62`; `nil` when Plesk could not be asked.
    package var plesk: String?
    package var mta: MailTransferAgent?

    package init(name: String, machineID: String?, plesk: String?, mta: MailTransferAgent?) {
        self.name = name
        self.machineID = machineID
        self.plesk = plesk
        self.mta = mta
    }
}

/// The policy that a plan follows.
package struct PolicyIdentity: Hashable, Sendable, Codable {
    /// The file, or `built in`.
    package var path: String
    /// What the host adds to it, in the order of reading.
    package var dropIns: [String]
    /// Of the file and its drop-ins, in hexadecimal.
    package var sha256: String

    package init(path: String, dropIns: [String] = [], sha256: String) {
        self.path = path
        self.dropIns = dropIns
        self.sha256 = sha256
    }
}

/// What one rule of the policy found.
package struct Finding: Sendable, Equatable {
    /// Stable names that scripts read, in the vendor article's order.
    package enum ID: String, Sendable, CaseIterable, Codable {
        case relaying
        case whiteList = "white-list"
        case relay
        case port25 = "port-25"
        case queue
        /// What the article's step 3 leaves to an article that is lost; told only where there is something to tell.
        case shortNames = "short-names"
        case popLocks = "pop-locks"
        case catchAll = "catch-all"
        /// Told only where the host is in it.
        case harbour
    }

    package enum Status: String, Sendable, CaseIterable, Codable {
        case ok, drift, unknown
    }

    package var id: ID
    package var status: Status
    package var wanted: String
    package var actual: String
    /// One plain sentence of why it matters.
    package var why: String
    package var evidence: [Evidence]
    /// What else the reader should know: vouched entries, costs of a remedy.
    package var notes: [String]

    package init(
        id: ID, status: Status, wanted: String, actual: String, why: String, evidence: [Evidence] = [],
        notes: [String] = []
    ) {
        self.id = id
        self.status = status
        self.wanted = wanted
        self.actual = actual
        self.why = why
        self.evidence = evidence
        self.notes = notes
    }
}

/// One thing to do, in the order to do it.
package struct Change: Sendable, Equatable {
    /// Counted from 1.
    package var number: Int
    package var finding: Finding.ID
    /// What is done, as an instruction: `Set relaying to "authorization is required"`.
    package var summary: String
    package var action: ChangeAction

    package init(number: Int, finding: Finding.ID, summary: String, action: ChangeAction) {
        self.number = number
        self.finding = finding
        self.summary = summary
        self.action = action
    }
}

/// How a change is carried out.
package enum ChangeAction: Sendable, Equatable {
    /// A setting of Plesk, through its own command.
    case plesk(PleskChange)
    /// New bytes for a file.
    case edit(FileEdit)
    /// A service action.
    case service(ServiceChange)
    /// Messages that strangers relayed are held, so many when the plan was made; after the relay is seen closed.
    case hold(messages: Int)

    /// The word that JSON has for it.
    package var kind: String {
        switch self {
        case .plesk: "plesk"
        case .edit: "edit"
        case .service: "service"
        case .hold: "queue"
        }
    }
}

/// A Plesk setting, the command that makes it so, and the one that takes it back.
package struct PleskChange: Hashable, Sendable, Codable {
    /// What the setting must be afterwards, whatever the command's words were.
    package enum Setting: Hashable, Sendable, Codable {
        case relaying(RelayingMode, LoginTypes)
        case whiteListWithout(String)
        case whiteListWith(String)
    }

    /// The absolute program and its arguments.
    package var command: [String]
    package var setting: Setting
    /// The command that restores what was before.
    package var undoCommand: [String]
    package var undoSetting: Setting

    package init(command: [String], setting: Setting, undoCommand: [String], undoSetting: Setting) {
        self.command = command
        self.setting = setting
        self.undoCommand = undoCommand
        self.undoSetting = undoSetting
    }

    /// The change that takes this one back.
    package var reversed: PleskChange {
        PleskChange(command: undoCommand, setting: undoSetting, undoCommand: command, undoSetting: setting)
    }
}

/// New bytes for one file.
package struct FileEdit: Hashable, Sendable {
    /// Absolute.
    package var path: String
    /// `nil` when there is no such file yet.
    package var before: [UInt8]?
    package var after: [UInt8]
    /// What the edit changes, in the file's own terms: `mynetworks`, `submission/inet smtpd_relay_restrictions`.
    package var touches: [String]
    /// What has to be compiled from the file before the edit counts.
    package var compiled: CompiledTable?

    package init(
        path: String, before: [UInt8]?, after: [UInt8], touches: [String], compiled: CompiledTable? = nil
    ) {
        self.path = path
        self.before = before
        self.after = after
        self.touches = touches
        self.compiled = compiled
    }
}
