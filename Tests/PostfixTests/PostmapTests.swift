import Foundation
import Testing

@testable import Postfix

/// Compares what is read of a compiled table with what a real postmap(1) lists: that of the lab's host, or one that is
/// installed on this machine.
@Suite struct PostmapTests {
    private static let root = ProcessInfo.processInfo.environment["AGENT_LAB"].map { name in
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".lab/labs/\(name)/root").path()
    }
    static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: (root ?? "") + "/usr/sbin/postmap")
    }

    /// How a table comes to be, by a shell in its directory, and whether it is read here or left to postmap(1).
    private static let tables: [(script: String, isRead: Bool)] = [
        (": >t; postmap t", true),
        (#"printf 'a.example OK\nB.example  550 no such  user \n192.0.2 REJECT\n' >t; postmap t"#, true),
        (#"printf 'm\303\274ller@a.example x\nm\374ller@b.example y\n' >t; postmap t"#, true),
        (#"printf 'a 1\na 2\nA 3\n' >t; postmap -w t"#, true),
        (#"seq 40000 | awk '{ print "host" $1 ".example OK row " $1 }' >t; postmap t"#, true),
        // Pages become empty, and rows move when they grow.
        (
            #"seq 3000 | awk '{ print "d" $1 " OK" }' >t; postmap t; seq 1 2 2999 | sed s/^/d/ | postmap -d - t"#,
            true
        ),
        (
            #"seq 900 | awk '{ print "d" $1 " OK" }' >t; postmap t; seq 900 | sed s/^/d/ | postmap -d - t"#,
            true
        ),
        (
            #"seq 900 | sed 's/.*/i& v/' | postmap -i hash:t; seq 900 | sed 's/.*/i& a longer value than before/' "#
                + "| postmap -r -i hash:t", true
        ),
        // Values that do not fit into a page have pages of their own.
        (
            #"awk 'BEGIN { for (i = 0; i < 300; i++) { s = s "xxxxxxxxxxx"; print "k" i, s } }' >t; postmap t"#,
            false
        ),
    ]

    @Test(.enabled(if: isInstalled, "no lab is up and postmap is not installed"), arguments: tables.indices)
    func `A hash is read as postmap lists it`(index: Int) throws {
        let (script, isRead) = Self.tables[index]
        let name = "/tmp/postmap-\(UUID().uuidString)"
        let directory = URL(filePath: (Self.root ?? "") + name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try run("cd \(name) && { \(script); } && postmap -s hash:t >listed")
        let listed = try Array(Data(contentsOf: directory.appending(path: "listed"))).split(separator: 0x0a)
        let bytes = try Array(Data(contentsOf: directory.appending(path: "t.db")))
        guard isRead else {
            #expect(throws: HashDatabase.Damage.self) { try HashDatabase.records(bytes) }
            return
        }
        let lines = try HashDatabase.records(bytes).map { record in
            [record.key, record.data].map { $0.filter { $0 != 0 } }.joined(separator: [0x09]).map(\.self)
        }
        #expect(Set(lines) == Set(listed.map(Array.init)))
        #expect(lines.count == listed.count)
    }

    private func run(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: Self.root == nil ? "/bin/sh" : "/usr/sbin/chroot")
        process.arguments = (Self.root.map { [$0, "/bin/sh"] } ?? []) + ["-c", script]
        process.environment = ["LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
    }
}
