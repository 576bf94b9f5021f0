import HostIO
import MailModel

extension Engine {
    private static let scratch = "/run/agent-tables"

    /// Compiles a table's text, aside, and puts the outcome in the place of the old one as any other edit.
    func compile(_ table: CompiledTable, from text: [UInt8]) async throws(Failure) {
        guard let current = try snapshotFile(table.path) else {
            throw Failure(
                .stale, "\(table.path) is not there any more", remedy: "Run `agent plan` again.")
        }
        guard let suffix = table.path.split(separator: ".").last else { return }
        let made = try await withScratchDirectory(Self.scratch) { () async throws(Failure) in
            let name = "\(Self.scratch)/table"
            // Read from standard input, as `postmap -i` does, the text is nowhere a second time. A constant
            // database cannot be added to, and so not be made that way.
            let isConstant = table.type == "cdb"
            if isConstant { try writeScratchFile(name, text) }
            let result = try await instruments.run(
                ProgramCall(
                    executable: "/usr/sbin/postmap",
                    arguments: (isConstant ? [] : ["-i"]) + ["\(table.type):\(name)"],
                    input: isConstant ? [] : text, deadline: .seconds(120)))
            guard result.succeeded, let made = try snapshotFile("\(name).\(suffix)") else {
                throw Failure(
                    .failed, "\(table.path) could not be made anew from \(table.name)",
                    detail: result.errorText,
                    remedy: "See what `\(table.command.joined(separator: " "))` says.")
            }
            return made.bytes
        }
        try await replace(current, with: made, summary: "Compile \(table.name) into \(table.path)")
    }
}
