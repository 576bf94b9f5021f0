package import MailModel

/// Whether `rcpthosts` or `morercpthosts` names the domain, so that mail for it is this host's business.
package func takesMail(for domain: String, _ configuration: QmailConfiguration) -> Bool {
    RecipientHosts(Control(configuration: configuration)).entry(for: domain) != nil
}

/// The recipient domains that qmail-smtpd accepts from everybody: `control/rcpthosts` and
/// `control/morercpthosts.cdb` (qmail-smtpd(8); rcpthosts.c).
struct RecipientHosts: Sendable {
    /// What the program does when a client names a recipient.
    enum State: Hashable, Sendable {
        case listed
        /// There is no `rcpthosts`, so every recipient is accepted.
        case unlimited
        /// It says `421 unable to read controls` to every client.
        case refusesEveryone(String)
        /// It could not be seen. A sentence without a full stop.
        case unknown(String)
    }

    struct Entry: Hashable, Sendable {
        var text: String
        /// The control file.
        var file: String
        var line: Int?
    }

    private(set) var state: State = .listed
    private(set) var entries: [Entry] = []
    /// `morercpthosts` has domains that the compiled file, which alone counts, does not have.
    private(set) var uncompiled: [Entry] = []
    /// Domains of `morercpthosts` that count only if the compiled file, which a copy does not have, has them.
    private(set) var assumed: [Entry] = []
    private var keys: [String: Entry] = [:]

    init(_ control: Control) {
        switch control.file("rcpthosts") {
        case nil: state = .unlimited
        case .notRegular: state = .refusesEveryone("control/rcpthosts is not a file")
        case .unreadable(let reason): state = .unknown(reason)
        case .content(let content):
            entries = ControlFile(content.bytes).entries.map {
                Entry(text: $0.text, file: "rcpthosts", line: $0.line)
            }
        }
        guard state == .listed else { return }
        readMore(control)
        // A name is looked up in lower case, but what the compiled file holds must be so already.
        for entry in entries {
            let key = entry.line == nil ? entry.text : entry.text.folded
            keys[key] = keys[key] ?? entry
        }
    }

    private mutating func readMore(_ control: Control) {
        let source = (control.entries("morercpthosts") ?? []).map {
            Entry(text: $0.text.folded, file: "morercpthosts", line: $0.line)
        }
        switch control.file("morercpthosts.cdb") {
        case nil:
            // A copy may have tables in source form only; on its host, the source alone counts for nothing.
            guard control.configuration.isCopy else {
                uncompiled = source
                return
            }
            entries += source
            assumed = source
        case .notRegular: state = .refusesEveryone("control/morercpthosts.cdb is not a file")
        case .unreadable(let reason): state = .unknown(reason)
        case .content(let content):
            do throws(ConstantDatabase.Damage) {
                let compiled = try ConstantDatabase.records(content.bytes).map(\.key.text)
                let lines = Dictionary(source.map { ($0.text, $0) }, uniquingKeysWith: { first, _ in first })
                entries += compiled.map {
                    lines[$0] ?? Entry(text: $0, file: "morercpthosts.cdb", line: nil)
                }
                let known = Set(compiled)
                uncompiled = source.filter { !known.contains($0.text) }
            } catch {
                state = .unknown("control/morercpthosts.cdb is damaged: \(error.reason)")
            }
        }
    }

    /// The entry that lets a recipient in; `nil` when it is refused.
    /// - Parameter domain: what stands behind the last `@`, in lower case.
    func entry(for domain: String) -> Entry? {
        for key in Routing.suffixes(of: domain) {
            if let entry = keys[key] { return entry }
        }
        return nil
    }
}
