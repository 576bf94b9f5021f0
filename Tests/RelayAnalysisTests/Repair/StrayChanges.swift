import MailModel
import Postfix

extension RelayRepair {
    /// Edited files in which a line changed that belongs to nothing the edit says it touches.
    var strayChanges: [String] {
        edits.filter { edit in
            let isMaster = edit.path.hasSuffix("/master.cf")
            guard isMaster || edit.path.hasSuffix("/main.cf") else { return false }
            return lines(edit.before ?? [], beside: edit.touches, isMaster)
                != lines(edit.after, beside: edit.touches, isMaster)
        }.map { "\($0.path): \($0.touches)" }
    }

    private func lines(_ bytes: [UInt8], beside touches: [String], _ isMaster: Bool) -> [ArraySlice<UInt8>] {
        let touched =
            if isMaster {
                MasterCF(bytes).services.filter { service in
                    touches.contains { $0.hasPrefix("\(service.title) ") }
                }.map(\.line)
            } else {
                MainCF(bytes).definitions.filter { touches.contains($0.name) }.map(\.line)
            }
        let numbers = Set(touched.flatMap(\.pieces).map(\.line))
        let all = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return all.enumerated().filter { !numbers.contains($0.offset + 1) && !$0.element.isEmpty }.map(
            \.element)
    }
}
