import Content
import Foundation
import GRDB
package import MailModel

extension Store {
    /// Writes everything that is kept to plain files, from which `cp -a` alone restores.
    ///
    /// `change-7/before/etc/postfix/main.cf` is the file before change 7; `change-7/step-5/…` what a later
    /// step of it kept. Beside them `steps.txt`, `plan.json`, `probe-before.json` and `probe.json` of each change, and for all
    /// a `README.md` with the index, `index.tsv`, and `SHA256SUMS` for `sha256sum -c`. As root, files get
    /// their owner, mode, time and attributes; otherwise mode and time, and the index has the rest.
    /// - Parameter directory: Made with mode 0700; one that is there must be empty.
    /// - Throws: ``ExitStatus/failed`` when it cannot be written or is not empty;
    ///   ``ExitStatus/storeUnusable``, after all that is sound was written, when something is damaged.
    package func export(to directory: String) throws(Failure) {
        let target = try ExportDirectory(directory)
        var index: [ExportedFile] = []
        var damaged: [String] = []
        let changes = try sound { () throws(Failure) in try (backups(), changeSets()) }
        if changes == nil { damaged.append("the journal: what is whole is in contents, by its digest") }
        for backup in changes?.0 ?? [] {
            guard let file = ExportedFile(backup), let bytes = try soundContent(backup.digest) else {
                damaged.append("change \(backup.changeSet): \(printable(backup.path))")
                continue
            }
            try target.write(file.name, bytes, file.metadata)
            index.append(file)
        }
        for change in changes?.1 ?? [] {
            if try sound({ () throws(Failure) in try isSealBroken(change.id) }) != false {
                damaged.append("change \(change.id): it is not what was written of it")
            }
            let lacks = try sound { () throws(Failure) in try export(change, to: target) } ?? ["steps.txt"]
            damaged += lacks.map { "change \(change.id): \($0)" }
        }
        let loose = try changes == nil ? exportContents(to: target) : []
        try target.write("index.tsv", Array(indexTable(index).utf8), nil)
        try target.write("SHA256SUMS", Array((checksums(index) + loose.joined()).utf8), nil)
        try target.write("README.md", Array(exportReadme(index).utf8), nil)
        guard damaged.isEmpty else {
            throw Failure(
                .storeUnusable, "the export to \(directory) lacks what is damaged in the store",
                detail: damaged.joined(separator: "\n"), remedy: "`agent backups verify` tells more.")
        }
    }

    /// Writes every sound content under its digest, for a journal that cannot be read.
    /// - Returns: Their lines for sha256sum(1).
    private func exportContents(to target: ExportDirectory) throws(Failure) -> [String] {
        let digests = try sound { () throws(Failure) in
            try read { try String.fetchAll($0, sql: "SELECT digest FROM content ORDER BY digest") }
        }
        var lines: [String] = []
        for digest in digests ?? [] {
            guard let bytes = try soundContent(digest) else { continue }
            // The digest is that of the bytes, so it is a name without a slash.
            try target.write("contents/\(digest)", bytes, nil)
            lines.append("\(digest)  contents/\(digest)\n")
        }
        return lines
    }

    /// - Returns: The documents that are damaged.
    private func export(_ change: ChangeSetRow, to target: ExportDirectory) throws(Failure) -> [String] {
        var damaged: [String] = []
        let documents = [
            ("plan.json", change.planDigest), ("probe-before.json", change.probeBeforeDigest),
            ("probe.json", change.probeDigest),
        ]
        for (name, digest) in documents {
            guard let digest else { continue }
            guard let bytes = try soundContent(digest) else {
                damaged.append(name)
                continue
            }
            try target.write("change-\(change.id)/\(name)", bytes, nil)
        }
        let steps = try steps(of: change.id).map { step in
            "\(step.number) \(step.kind.rawValue) \(step.state.rawValue): \(printable(step.summary))\n"
                + "    \(printable(step.action))\n"
        }
        let head =
            "\(change.kind.rawValue) of \(change.created.rfc3339): \(change.outcome ?? "unfinished")\n\n"
        try target.write("change-\(change.id)/steps.txt", Array((head + steps.joined()).utf8), nil)
        return damaged
    }

    /// - Returns: `nil` when the content is damaged.
    private func soundContent(_ digest: String) throws(Failure) -> [UInt8]? {
        try sound { () throws(Failure) in try content(digest) }
    }

    /// - Returns: `nil` when what the body reads is damaged.
    private func sound<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value? {
        do throws(Failure) {
            return try body()
        } catch {
            guard error.status == .storeUnusable else { throw error }
            return nil
        }
    }
}

/// A kept file and its place in an export.
struct ExportedFile {
    let backup: Backup
    /// Relative to the export's directory.
    let name: String
    let metadata: KeptMetadata?

    /// - Returns: `nil` for a path that would leave the export's directory.
    init?(_ backup: Backup) {
        let parts = backup.path.split(separator: "/")
        guard backup.path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !parts.contains("."),
            !backup.path.utf8.contains(0)
        else { return nil }
        let place = backup.isFirst ? "before" : "step-\(backup.step)"
        self.backup = backup
        self.name = "change-\(backup.changeSet)/\(place)/" + parts.joined(separator: "/")
        self.metadata = backup.metadata.flatMap {
            try? JSONDecoder().decode(KeptMetadata.self, from: Data($0.utf8))
        }
    }
}

/// What the executing module writes down of a file beside its bytes.
struct KeptMetadata: Decodable, Equatable {
    struct Moment: Decodable, Equatable {
        var seconds: Int64
        var nanoseconds: Int32
    }
    var owner: UInt32
    var group: UInt32
    var mode: UInt16
    var modified: Moment
    var attributes: [String: [UInt8]]

    var ownerText: String { "\(owner):\(group)" }
    var modeText: String { "0" + String(mode, radix: 8) }
    var attributesText: String { attributes.keys.sorted().joined(separator: ",") }
}

func printable(_ text: String) -> String { printableText(text.utf8) }
