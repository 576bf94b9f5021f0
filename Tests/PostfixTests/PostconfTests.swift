import Fixtures
import Foundation
import Testing

@testable import Postfix

/// Compares effective values with what a real postconf(1) says, on configurations made here from a seed: that of
/// the lab's host, or one that is installed on this machine.
@Suite struct PostconfTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// The root directory of the system that has Postfix.
    private static let root = environment["AGENT_LAB"].map { name in
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".lab/labs/\(name)/root").path()
    }
    static let program = "/usr/sbin/postconf"
    static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: (root ?? "") + program)
    }
    static var rounds: Int { environment["POSTCONF_ROUNDS"].flatMap(Int.init) ?? 100 }

    private func run(_ arguments: [String]) throws -> (output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: Self.root == nil ? Self.program : "/usr/sbin/chroot")
        process.arguments = Self.root.map { [$0, Self.program] + arguments } ?? arguments
        process.environment = ["LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let output = Pipe()
        let errors = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: bytes, as: UTF8.self), try String(contentsOf: errors, encoding: .utf8))
    }

    /// Makes a configuration directory: what to remove, and its name for postconf.
    private func directory(_ main: String, _ master: String) throws -> (place: URL, name: String) {
        let name = "/tmp/postconf-\(UUID().uuidString)"
        let directory = URL(filePath: (Self.root ?? "") + name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (file, text) in [("main.cf", main), ("master.cf", master)] {
            try Data(text.utf8).write(to: directory.appending(path: file))
            // postconf waits for a file that was changed just now to cool down.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
                ofItemAtPath: directory.appending(path: file).path())
        }
        return (directory, name)
    }

    /// `name = value` lines, white space made single, since postconf folds what it prints.
    private func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            values[parts[0].trimmingCharacters(in: .whitespaces)] = squeezed(String(parts[1]))
        }
        return values
    }

    private func squeezed(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test(
        .enabled(
            if: isInstalled, "no lab is up and postconf is not installed, so nothing was compared with it"))
    func `Defaults and effective values equal postconf's`() throws {
        let version = try #require(
            PostfixVersion(parse(try run(["-d", "mail_version"]).output)["mail_version"] ?? ""))
        var compared = 0
        for seed in 0..<Self.rounds {
            var maker = ConfigurationMaker(seed: UInt64(seed))
            let main = maker.main()
            let master = maker.master()
            let directory = try directory(main, master)
            defer { try? FileManager.default.removeItem(at: directory.place) }
            let values = ParameterValues(
                main: MainCF(Array(main.utf8)), master: MasterCF([]), version: version, hostName: nil)
            let said = try run(["-c", directory.name, "-x", "-h"] + maker.names)
            // What postconf warns about is a fatal error in every other program.
            guard !said.errors.contains("warning: ") || !said.errors.contains("macro") else { continue }
            let lines = said.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count == maker.names.count + 1 else { continue }
            for (name, real) in zip(maker.names, lines) {
                let mine = values.value(of: name)
                #expect(
                    mine.fault != nil || squeezed(mine.text.text) == squeezed(real), "seed \(seed): \(name)")
                compared += 1
            }
        }
        #expect(compared > Self.rounds)
    }

    @Test(
        .enabled(
            if: isInstalled, "no lab is up and postconf is not installed, so nothing was compared with it"))
    func `Services and their overrides equal postconf's`() throws {
        var compared = 0
        for seed in 0..<Self.rounds {
            var maker = ConfigurationMaker(seed: UInt64(seed))
            let text = maker.master()
            let directory = try directory("myhostname = mx.example.com\nmynetworks = 127.0.0.0/8\n", text)
            defer { try? FileManager.default.removeItem(at: directory.place) }
            let master = MasterCF(Array(text.utf8))
            let listed = try run(["-c", directory.name, "-M"]).output.split(separator: "\n")
            let titles = listed.filter { $0.first?.isWhitespace == false }.map { line in
                line.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: "/")
            }
            #expect(master.services.map(\.title) == titles, "seed \(seed)")
            let real = parse(try run(["-c", directory.name, "-P"]).output)
            var mine: [String: String] = [:]
            for service in master.services {
                for override in service.overrides {
                    mine["\(service.title)/\(override.name)"] = squeezed(service.value(of: override).text)
                }
            }
            #expect(mine == real, "seed \(seed)")
            compared += real.count
        }
        #expect(compared > 0)
    }

    @Test(
        .enabled(
            if: isInstalled, "no lab is up and postconf is not installed, so nothing was compared with it"))
    func `Built-in defaults equal postconf's`() throws {
        let shown = parse(try run(["-d"]).output)
        let version = try #require(PostfixVersion(shown["mail_version"] ?? ""))
        let defaults = ParameterDefaults(version: version, hostName: nil)
        var compared = 0
        // These depend on how the program was built or on the host.
        let own: Set = [
            "alias_maps", "config_directory", "data_directory", "queue_directory", "default_database_type",
            "alias_database", "command_directory", "daemon_directory", "html_directory", "mailq_path",
            "manpage_directory", "meta_directory", "newaliases_path", "readme_directory", "sample_directory",
            "sendmail_path", "shlib_directory", "mail_release_date", "openssl_path",
        ]
        for name in ParameterDefaults.comparableNames + ReferableDefaults.names where !own.contains(name) {
            guard let real = shown[name] else { continue }
            #expect(squeezed(defaults.value(of: name) ?? "") == real, "\(name)")
            compared += 1
        }
        #expect(compared > 600)
    }
}

@Suite("Defaults that releases changed")
struct VersionedDefaultsTests {
    @Test(arguments: [((2, 8), "ipv4"), ((2, 9), "all"), ((3, 10), "all")])
    func protocols(_ release: (Int, Int), _ value: String) {
        let defaults = ParameterDefaults(version: PostfixVersion(release.0, release.1), hostName: nil)
        #expect(defaults.value(of: "inet_protocols") == value)
    }
}

/// Makes configurations that have what real ones have: references, conditions, continuation lines, duplicates.
struct ConfigurationMaker {
    private var random: SeededGenerator
    let names = [
        "mynetworks", "mydestination", "relay_domains", "smtpd_relay_restrictions",
        "smtpd_recipient_restrictions",
        "smtpd_client_restrictions", "mynetworks_style", "virtual_alias_domains", "inet_interfaces",
        "myorigin",
        "smtpd_relay_before_recipient_restrictions", "smtpd_restriction_classes", "append_dot_mydomain",
        "smtpd_policy_service_default_action", "smtpd_tls_fingerprint_digest", "local_recipient_maps",
        "mydomain",
    ]
    private let own = ["office", "really_office", "mua", "x1"]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func atom(_ depth: Int) -> String {
        let plain = [
            "127.0.0.0/8", "[::1]/128", "10.0.0.0/8", "permit_mynetworks", "reject", "hash:/etc/postfix/x",
            "yes",
            "example.com", "check_sender_access", "static:all", "{ a b }",
        ]
        guard depth < 3 else { return pick(plain) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "$\(pick(own))"
        case 1: return "${\(pick(own))}"
        case 2: return "$(\(pick(own)))"
        case 3: return "${\(pick(own))?{\(atom(depth + 1))}:{\(atom(depth + 1))}}"
        case 4:
            return
                "${{\(atom(depth + 1))} \(pick(["==", "!=", "<", ">="])) {\(atom(depth + 1))} ? {\(atom(depth + 1))} : {\(atom(depth + 1))}}"
        case 5:
            return
                "${{$compatibility_level} \(pick(["<level", ">=level", "==level"])) {\(pick(["1", "2", "3.6"]))} ? {\(atom(depth + 1))}}"
        case 6: return "${\(pick(own)):\(pick(plain))}"
        default: return pick(plain)
        }
    }

    mutating func main() -> String {
        var lines = ["myhostname = mx.example.com"]
        if chance(70) { lines.append("compatibility_level = \(pick(["0", "1", "2", "3.6", "3"]))") }
        // A name of its own refers only to those behind it, so that no value refers to itself.
        for (index, name) in own.enumerated() where chance(70) {
            let later = Array(own[(index + 1)...])
            lines.append(
                "\(name) = "
                    + (later.isEmpty || chance(50)
                        ? pick(["", "a.example", "10.1.0.0/16"]) : "$\(pick(later))"))
        }
        // The default of mynetworks depends on the interfaces, and finding it out asks the DNS.
        lines.append("mynetworks = 127.0.0.0/8")
        for name in names where chance(50) && name != "mydomain" && name != "inet_interfaces" {
            for _ in 0..<(chance(15) ? 2 : 1) {
                let items = (0..<Int.random(in: 0...4, using: &random)).map { _ in atom(0) }
                var text = "\(name)\(pick([" = ", "=", "  =\t"]))"
                for item in items { text += item + pick([", ", " ", ",", "\n  ", ",\n# c\n\t", "\n\n   "]) }
                lines.append(text.trimmingCharacters(in: .newlines))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    mutating func master() -> String {
        var lines: [String] = []
        for (index, name) in ["smtp", "submission", "127.0.0.1:10025", "[::1]:2525", "smtps"].enumerated()
        where chance(70) {
            var line = "\(name) inet n - \(pick(["y", "n", "-"])) - - smtpd"
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                line += pick([" ", "\n  ", "\n# c\n   "])
                let parameter = pick([
                    "mynetworks", "smtpd_relay_restrictions", "syslog_name", "smtpd_client_restrictions",
                ])
                line += pick([
                    "-o \(parameter)=a,\(index)", "-o { \(parameter) = b, \(index) }", "-o \(parameter)=",
                ])
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
