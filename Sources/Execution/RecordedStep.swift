import HostIO
import MailModel
import Recording

/// A step with its action and metadata as values again.
struct RecordedStep {
    let row: StepRow
    let action: StepAction
    let metadata: FileMetadata?

    init(_ row: StepRow) throws(Failure) {
        self.row = row
        self.action = try decode(row.action)
        self.metadata = try row.metadata.map { text throws(Failure) in try decode(text) }
    }

    /// Whether the step may have changed the host and has not been taken back.
    var mayHaveHappened: Bool {
        switch row.state {
        case .intended, .undone: false
        // A step that failed may have done half of its work.
        case .started, .done, .failed: true
        }
    }
}

extension [RecordedStep] {
    /// The first image of each file: what it was before the change set; one without a digest was not there.
    var firstImages: [RecordedStep] {
        var seen: Set<String> = []
        return filter { step in
            guard let path = step.row.path, [.backup, .edit].contains(step.action.kind) else { return false }
            return seen.insert(path).inserted
        }
    }

    /// What was done, or may have been, to services.
    private var services: [ServiceChange] {
        filter { !$0.row.isCompensation && $0.mayHaveHappened }.compactMap { step in
            if case .service(let service) = step.action { service } else { nil }
        }
    }

    /// What was done to services, the last first, each as what takes it back.
    var reversedServices: [ServiceChange] {
        services.reversed().compactMap(\.reversed) + services.compactMap(\.afterReversal)
    }

    /// Whether no program was ended for good: one that nothing manages, or a unit that goes when it ends.
    var canStartAllAgain: Bool {
        services.allSatisfy { service in
            switch service {
            case .end: false
            case .retire(.systemd(let units), _): !units.contains(where: \.isTransient)
            default: true
            }
        }
    }

    /// The mail ports that may have come into other hands by it.
    var portsOfServices: Set<Int> {
        services.reduce(into: []) { ports, service in
            switch service {
            case .retire(_, let own), .restore(_, let own): ports.formUnion(own ?? [25])
            case .start, .withdraw, .resume, .end: ports.formUnion([25, 465, 587])
            case .reloadPostfix, .reloadSuperserver, .restartQmail, .enable, .disable: break
            }
        }
    }

    /// Whether nothing that the change set wrote has been taken back: no file holds its first image where
    /// something else was left in it.
    func areStillThere(_ holds: (_ path: String, _ digest: String?) throws(Failure) -> Bool) throws(Failure)
        -> Bool
    {
        for image in firstImages {
            let first = image.row.beforeDigest
            guard let path = image.row.path, lastDigest(of: path) != first else { continue }
            if try holds(path, first) { return false }
        }
        return !contains { $0.row.state == .undone }
    }

    /// What was to be done to services and was not seen in effect.
    var servicesLeft: [(step: Int, service: ServiceChange)] {
        filter { !$0.row.isCompensation && $0.row.state != .done }.compactMap { step in
            guard case .service(let service) = step.action else { return nil }
            return (step.row.number, service)
        }
    }

    /// What the change set left in a file; `nil` where it removed it.
    func lastDigest(of path: String) -> String? {
        last { $0.row.path == path && $0.row.state == .done }.flatMap {
            $0.action.kind == .edit ? $0.row.afterDigest : $0.row.beforeDigest
        }
    }
}
