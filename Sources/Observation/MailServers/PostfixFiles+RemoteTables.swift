import HostIO
import MailModel
import Postfix

/// Tables whose answers come from a server or another program.
extension PostfixFiles {
    /// Those of users and aliases, among whom are no strangers.
    private static let directories: Set = ["unix", "nis", "nisplus", "netinfo"]

    /// What lets ordinary strangers in says so when it is asked for them (postmap(1), `-q -`); whom else it lets in
    /// stays unknown.
    func ask(_ table: TableName, _ instruments: Instruments) async -> TableContent {
        let source = "its answers come from a server or another program"
        let keys = instruments.strangersKeys()
        guard !Self.directories.contains(table.type), !keys.isEmpty else {
            return .unreadable("\(source), which is not asked")
        }
        let name = "\(table.type):\(table.name)"
        let call = ProgramCall(
            executable: Self.postmap, arguments: ["-q", "-", name],
            input: Array(keys.map { $0 + "\n" }.joined().utf8),
            deadline: instruments.deadlines.table, outputLimit: 1 << 20)
        let result: ProgramResult
        do { result = try await instruments.run(call) } catch { return .unreadable(error.summary) }
        let answers = Dictionary(entries(listing: result).map { ($0.key, $0.value) }) { first, _ in first }
        let complaint = result.errorText.split(separator: "\n").last.map(String.init) ?? ""
        // Without one it has found none of the keys.
        guard !result.succeeded, !complaint.isEmpty else {
            return .asked(answers, why: "\(source), which does not list them")
        }
        if let reason = complaint.firstRange(of: "unsupported dictionary type") {
            return .failing(String(complaint[reason.lowerBound...]))
        }
        return .asked(answers, why: "\(source), and not all questions are answered: \(complaint)")
    }
}
