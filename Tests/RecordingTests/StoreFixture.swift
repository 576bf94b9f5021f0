import Content
import Fixtures
import Foundation
import Glibc
import MailModel
import Recording
import Testing

/// A directory with a store in it, removed at the end.
final class StoreFixture: Sendable {
    private let temporary: TemporaryDirectory
    var directory: String { temporary.path }
    var path: String { directory + "/agent.sqlite" }

    init() throws { temporary = try TemporaryDirectory() }

    func open(_ access: Store.Access = .readWrite) throws -> Store {
        try Store(path: path, access: access)
    }

    func bytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(directory)/\(name)").map { [UInt8]($0) }
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)"))
    }

    /// Changes or asks the store behind the program's back.
    @discardableResult
    func sqlite(_ sql: String) throws -> String {
        let result = try run("/usr/bin/sqlite3", path, sql)
        try #require(result.status == 0, "sqlite3: \(result.text)")
        return result.text
    }
}

/// Feeds commands to sqlite3 line by line, as at its prompt, for those that begin with a dot.
func sqliteShell(_ path: String, _ commands: String) throws -> String {
    try run("/bin/sh", "-c", "printf '%s\n' \"$1\" | /usr/bin/sqlite3 -bail \"$0\"", path, commands).text
}

let hasSQLite = access("/usr/bin/sqlite3", X_OK) == 0
let isRoot = geteuid() == 0

func run(_ program: String, _ arguments: String...) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
}

let noon = Timestamp(seconds: 1_767_960_000)
let oldMain = Array("mynetworks = 0.0.0.0/0\r\n# caf\u{E9}".utf8) + [0xE9]
let newMain = Array("mynetworks = 127.0.0.0/8\n".utf8)
let metadata =
    #"{"attributes":{"user.note":[107,101,112,116]},"group":23456,"mode":416,"#
    + #""modified":{"nanoseconds":123456789,"seconds":1600000000},"owner":12345}"#

func newChangeSet(_ kind: ChangeSetKind = .apply, plan: String = "{}", reverts: Int? = nil) -> NewChangeSet {
    NewChangeSet(
        kind: kind, host: "mail.example", agentVersion: "1.0.0",
        policy: PolicyIdentity(path: "built in", sha256: "ab"), planDocument: plan, relayBefore: .open,
        reverts: reverts, created: noon)
}

func edit(
    _ path: String = "/etc/postfix/main.cf", before: [UInt8] = oldMain, after: [UInt8] = newMain
) -> NewStep {
    NewStep(
        kind: .edit, summary: "Edit \(path)", action: #"{"edit":{}}"#, path: path, before: before,
        after: after, metadata: metadata)
}

/// One finished apply with an edit and a Plesk step.
@discardableResult
func recordApply(in store: Store, plan: String = "{}") throws -> Int {
    let id = try store.begin(newChangeSet(plan: plan))
    let step = try store.record(edit(), in: id)
    try store.mark(.started, step: step, in: id, at: noon.advanced(bySeconds: 1))
    try store.mark(.done, step: step, in: id, at: noon.advanced(bySeconds: 2))
    let plesk = NewStep(
        kind: .plesk, summary: "Set relaying", action: #"{"plesk":{"undoCommand":["plesk","bin","undo"]}}"#)
    let second = try store.record(plesk, in: id)
    try store.mark(.done, step: second, in: id, at: noon.advanced(bySeconds: 3))
    try store.close(
        id, outcome: "confirmed", message: "kept", probe: #"{"probe":1}"#, at: noon.advanced(bySeconds: 4))
    return id
}
