import Glibc
import HostIO

/// What this machine lets a test do; a test that needs more is skipped with the reason.
enum HostTools {
    static let isRoot = geteuid() == 0

    static func has(_ program: String) -> Bool { access(program, X_OK) == 0 }

    static let hasAttributes = has("/usr/bin/setfattr") && has("/usr/bin/getfattr")
    static let hasAccessLists = has("/usr/bin/setfacl") && has("/usr/bin/getfacl")
    static let hasNamespaces = isRoot && has("/usr/bin/unshare")
    static let hasImmutable = isRoot && has("/usr/bin/chattr")

    /// Runs a program that the test needs and returns what it printed; `nil` when it failed.
    static func run(_ executable: String, _ arguments: String...) async -> String? {
        let call = ProgramCall(executable: executable, arguments: arguments, deadline: .seconds(60))
        guard let result = try? await runProgram(call), result.succeeded else { return nil }
        return result.outputText
    }
}
