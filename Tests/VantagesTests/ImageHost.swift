import Foundation
import HostIO
import MailModel
import Testing

@testable import Vantages

/// A machine of a test's own, made of the lab's cached image: its own files, processes and network, from which nothing
/// leads out.
///
/// The files are a layer in memory over the image. All of its processes end with the one that the test has started.
struct ImageHost {
    /// The newest image that `Tests/Lab/lab base` has made.
    static let image: String? = {
        let images = checkout + "/.lab/images"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: images)) ?? []
        return names.filter { $0.hasPrefix("base-") && !$0.contains(".") }.map { "\(images)/\($0)" }
            .filter { access($0 + "/usr/lib/postfix/sbin/smtpd", X_OK) == 0 }
            .max { modified($0) < modified($1) }
    }()

    static let isPossible = isRoot && image != nil && agent != nil

    static let absence: Comment =
        "needs root, the image that `Tests/Lab/lab base` makes, and the program agent beside the tests"

    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The name of its network namespace.
    let name: String
    let directory: String
    /// A process in its namespaces, as this machine numbers it.
    let processID: Int32

    var root: String { directory + "/root" }

    /// Runs `body` with a machine in which nothing runs, and removes every trace of it afterwards.
    /// - Parameter addresses: with the prefixes of their networks, on its loopback.
    static func with<T>(_ addresses: [String], _ body: (ImageHost) async throws -> T) async throws -> T {
        let name = "agent-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let directory = "/tmp/\(name)"
        let holder = Process()
        do {
            try await prepare(name, directory, addresses)
            let result = try await body(try start(holder, name, directory))
            await remove(name, directory, holder)
            return result
        } catch {
            await remove(name, directory, holder)
            throw error
        }
    }

    private static func prepare(_ name: String, _ directory: String, _ addresses: [String]) async throws {
        let ip = try NamespaceLink.ipPath()
        try await run([ip, "netns", "add", name])
        for words in [["link", "set", "lo", "up"]] + addresses.map({ ["addr", "add", $0, "dev", "lo"] }) {
            try await run([ip, "-n", name] + words)
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // Another overlay cannot carry the upper layer of one, and a container's /tmp may be one.
        try await run(["/bin/mount", "-t", "tmpfs", "-o", "mode=755", name, directory])
        for part in ["upper", "work", "root"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(part)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
        }
        let layers =
            "lowerdir=\(try #require(image)),upperdir=\(directory)/upper,workdir=\(directory)/work"
        try await run(["/bin/mount", "-t", "overlay", "-o", layers, name, directory + "/root"])
    }

    private static func start(_ holder: Process, _ name: String, _ directory: String) throws -> ImageHost {
        let root = directory + "/root"
        holder.executableURL = URL(filePath: "/usr/bin/nsenter")
        holder.arguments = [
            "--net=/run/netns/\(name)", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
            "mount --bind /dev $0/dev && mount -t proc proc $0/proc && exec chroot $0 sleep infinity", root,
        ]
        holder.standardInput = FileHandle.nullDevice
        try holder.run()
        let parent = holder.processIdentifier
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let children = try? String(
                contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
            if let child = children?.split(separator: " ").first.flatMap({ Int32($0) }),
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child)/root")) == root
            {
                let host = ImageHost(name: name, directory: directory, processID: child)
                try host.write("nameserver 127.0.0.1\n", to: "/etc/resolv.conf")
                try host.write("127.0.0.1 localhost\n", to: "/etc/hosts")
                return host
            }
            sched_yield()
        }
        throw Failure(.failed, "the machine of the test does not start")
    }

    private static func remove(_ name: String, _ directory: String, _ holder: Process) async {
        if holder.isRunning {
            kill(holder.processIdentifier, SIGKILL)
            holder.waitUntilExit()
        }
        for path in [directory + "/root", directory] {
            _ = try? await run(["/bin/umount", "--lazy", path])
        }
        if let ip = try? NamespaceLink.ipPath() { _ = try? await run([ip, "netns", "delete", name]) }
        rmdir(directory)
    }

    private static func modified(_ path: String) -> Date {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.modificationDate] as? Date ?? .distantPast
    }

    /// Writes a file of the machine.
    func write(_ text: String, to path: String, mode: Int = 0o644) throws {
        let file = root + path
        try FileManager.default.createDirectory(
            atPath: URL(filePath: file).deletingLastPathComponent().path, withIntermediateDirectories: true)
        unlink(file)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }

    /// Puts the program beside the tests, and the libraries of Swift that it wants, where the path finds it.
    func installAgent() async throws {
        let program = try #require(agent)
        try FileManager.default.copyItem(atPath: program, toPath: root + "/usr/local/bin/agent")
        let libraries = try await Self.run(["/usr/bin/ldd", program]).outputText.split(separator: "\n")
            .compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("/") && $0.contains("swift") }.map(
                    String.init)
            }
        for library in libraries {
            try FileManager.default.copyItem(
                atPath: library,
                toPath: root + "/usr/lib/x86_64-linux-gnu/" + URL(filePath: library).lastPathComponent)
        }
    }

    /// Runs a program of the machine in it, by its absolute path there.
    func inside(_ words: String..., deadline: Duration = .seconds(60)) async throws -> ProgramResult {
        try await inside(words, deadline: deadline)
    }

    func inside(_ words: [String], deadline: Duration = .seconds(60)) async throws -> ProgramResult {
        try await HostIO.runProgram(
            ProgramCall(executable: "/usr/bin/nsenter", arguments: insideWords(words), deadline: deadline))
    }

    /// The arguments of nsenter(1) that lead in.
    func insideWords(_ words: [String]) -> [String] {
        ["--target", "\(processID)", "--mount", "--net", "--pid", "--root", "--wd=/", "--"] + words
    }

    /// Waits until somebody listens on an IPv4 port.
    func awaitListener(port: Int) async throws {
        let mark = ":" + String(port + 0x10000, radix: 16, uppercase: true).dropFirst() + " 00000000:0000 0A"
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if try await inside("/bin/cat", "/proc/net/tcp").outputText.contains(mark) { return }
        }
        throw Failure(.failed, "nobody listens on port \(port) of the test's machine")
    }

    @discardableResult
    static func run(_ words: [String]) async throws -> ProgramResult {
        let result = try await HostIO.runProgram(
            ProgramCall(executable: words[0], arguments: Array(words.dropFirst()), deadline: .seconds(120)))
        guard result.succeeded else {
            throw Failure(.failed, words.joined(separator: " "), detail: result.errorText)
        }
        return result
    }
}
