package import MailModel
import Postfix

/// Finds the smallest edits that close every cause of a relay, and judges the edited bytes.
///
/// Each mechanism has its own remedy: a network that nobody vouched for leaves the list, a white list in front
/// of the rejection gets the rejection before it or goes, an override that opens a service goes. A service that
/// offers login still lets logged-in clients relay. A closed configuration, and one whose verdict is unknown,
/// is left as it is.
/// - Parameters:
///   - configuration: the files and tables as they were read.
///   - trusted: networks that an administrator vouched for; they stay in the lists.
///   - deferred: what counts of mail that is kept for later.
/// - Returns: one edit a file, what the edits cost, and the report on the edited bytes.
package func repairRelay(
    _ configuration: PostfixConfiguration, trusted: [IPNetwork], deferred: DeferredMail = .stays
) -> RelayRepair {
    var workshop = Workshop(configuration, trusted: trusted, deferred: deferred)
    workshop.work()
    return workshop.result
}

extension Explanation {
    fileprivate var receivingServices: Set<Int> {
        let receiving = judgements.filter { judgement in
            judgement.listener.port == 25 && judgement.takesHostedMail
                && (judgement.fault == nil || judgement.isOut)
        }
        return Set(receiving.map(\.listener.service))
    }
}

/// Mends a configuration round by round: what one round closes may have hidden more.
struct Workshop {
    let original: PostfixConfiguration
    let trusted: [IPNetwork]
    let deferred: DeferredMail
    private(set) var current: PostfixConfiguration
    private var touches: [ConfigurationFile: [String]] = [:]
    private var notes: [String] = []
    private var shutOut: Set<String> = []
    /// Services that a cause was found on.
    private(set) var touchedServices: Set<Int> = []
    /// Services on port 25 that took mail for this host from outside before anything was changed.
    private var receivingServices: Set<Int> = []
    private static let roundLimit = 16

    init(_ configuration: PostfixConfiguration, trusted: [IPNetwork], deferred: DeferredMail = .stays) {
        original = configuration
        current = configuration
        self.trusted = trusted
        self.deferred = deferred
    }

    mutating func work() {
        for attempt in 0..<3 {
            close(isFirst: attempt == 0)
            // What lets hosted mail in again may show a way that the rejection had hidden.
            let hasChanged = [keepHostedMail(), keepLogins()].contains(true)
            guard hasChanged else { break }
        }
        keepVouched()
    }

    private mutating func close(isFirst: Bool) {
        for round in 0..<Self.roundLimit {
            let explanation = Explanation(Host(current, trusted: trusted, deferred: deferred))
            guard [.open, .partial, .broken].contains(explanation.verdict) else { break }
            if isFirst, round == 0 { receivingServices = explanation.receivingServices }
            var mender = Mender(
                explanation, isThorough: round > 3, changedServices: touchedServices, said: shutOut)
            mender.mend()
            touchedServices.formUnion(mender.services)
            shutOut.formUnion(mender.shutOut.values.joined())
            guard take(mender) else { break }
        }
    }

    /// Applies one round's edits.
    /// - Returns: whether anything changed.
    mutating func take(_ mender: Mender) -> Bool {
        var hasChanged = false
        for (file, edits) in mender.edits {
            guard let before = bytes(of: file) else { continue }
            let after = applying(edits.map(\.edit), to: before)
            guard after != before else { continue }
            hasChanged = true
            replace(file, with: after)
            for edit in edits where !(touches[file] ?? []).contains(edit.touches) {
                touches[file, default: []].append(edit.touches)
            }
        }
        for note in mender.notes where !notes.contains(note) { notes.append(note) }
        return hasChanged
    }

    private mutating func keepHostedMail() -> Bool {
        let services = touchedServices.intersection(receivingServices)
        return keep(on: services) { $0.keepHostedMail(on: services) }
    }

    private mutating func keepLogins() -> Bool {
        let services = touchedServices
        return keep(on: services) { $0.keepLogins(on: services) }
    }

    /// - Returns: whether anything had to be changed so that who was served still is.
    private mutating func keep(on services: Set<Int>, _ mend: (inout Mender) -> Void) -> Bool {
        var hasChanged = false
        guard !services.isEmpty else { return false }
        for _ in 0..<8 {
            let host = Host(current, trusted: trusted, deferred: deferred)
            guard host.fatalFault == nil else { break }
            var mender = Mender(Explanation(host))
            mend(&mender)
            guard take(mender) else { break }
            hasChanged = true
        }
        return hasChanged
    }

    private func bytes(of file: ConfigurationFile) -> [UInt8]? {
        switch file {
        case .main: current.mainCF.bytes
        case .master: current.masterCF.bytes
        case .included(let path): current.otherFiles[path]??.bytes
        case .table(let source): current.tableTexts[source]?.bytes
        case .builtIn: nil
        }
    }

    private mutating func replace(_ file: ConfigurationFile, with bytes: [UInt8]) {
        switch file {
        case .main: current.mainCF.bytes = bytes
        case .master: current.masterCF.bytes = bytes
        case .included(let path):
            guard let content = current.otherFiles[path] ?? nil else { return }
            current.otherFiles[path] = FileContent(path: content.path, bytes: bytes)
        case .table(let source):
            current.tableTexts[source]?.bytes = bytes
            for case (let name, .entries(_, source)) in current.tables {
                guard let table = TableName(name) else { continue }
                current.tables[name] = .entries(parseTable(type: table.type, bytes: bytes), source: source)
            }
        case .builtIn: return
        }
    }

    var result: RelayRepair {
        var edits: [FileEdit] = []
        func add(
            _ file: ConfigurationFile, _ before: FileContent, _ after: [UInt8],
            compiled: CompiledTable? = nil
        ) {
            guard before.bytes != after else { return }
            edits.append(
                FileEdit(
                    path: before.path, before: before.bytes, after: after, touches: touches[file] ?? [],
                    compiled: compiled))
        }
        add(.main, original.mainCF, current.mainCF.bytes)
        add(.master, original.masterCF, current.masterCF.bytes)
        for path in original.otherFiles.keys.sorted() {
            guard let before = original.otherFiles[path] ?? nil, let after = current.otherFiles[path] ?? nil
            else {
                continue
            }
            add(.included(path), before, after.bytes)
        }
        for source in original.tableTexts.keys.sorted() {
            guard let before = original.tableTexts[source], let after = current.tableTexts[source] else {
                continue
            }
            add(.table(source), before, after.bytes, compiled: original.compiledTables[source])
        }
        let after = explainRelay(current, trusted: trusted, deferred: deferred)
        return RelayRepair(edits: edits, notes: notes, after: after)
    }
}
