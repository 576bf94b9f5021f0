import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

/// The power is cut at each moment that the program reports: what the disk had got by then is all that is left.
///
/// The disk is an ext4 file system on a loop device. A copy of the file behind it has what was written to the
/// device, and nothing that is still in the memory of this machine; so it is a disk without a cache of its own.
@Suite("Loss of power", .enabled(if: Disk.isAvailable, "needs root and a loop device"))
struct PowerLossTests {
    private struct Moment: Sendable {
        var what: String
        var image: String
        var relaying: RelayingMode
    }

    @Test("Whatever the moment, recovery ends in the state before or the state after")
    func everyMoment() async throws {
        let disk = try Disk()
        defer { disk.remove() }
        let moments = try await applied(on: disk)
        #expect(moments.count > 10)
        var states: Set<Outcome.State> = []
        for moment in moments {
            try disk.cutPower(leaving: moment.image)
            states.insert(try await recovered(on: disk, from: moment))
        }
        #expect(states == [.before, .after])
    }

    /// - Returns: The state that the history says the host is in; the host is held to it.
    private func recovered(on disk: Disk, from moment: Moment) async throws -> Outcome.State {
        let host = try TestHost(reopening: disk.mountPoint.appending(path: "host"))
        host.world.withLock { world in
            world.relaying = moment.relaying
            world.probes = [TestHost.report(.closed)]
        }
        let results = try await recover(policy: TestHost.policy(), using: host.instruments)
        let state = try host.store.changeSets().first?.outcome.flatMap(Outcome.init)?.state ?? .before
        let isAfter = state == .after
        #expect(
            try host.text("main.cf") == (isAfter ? TestHost.closedMain : TestHost.openMain),
            "\(moment.what): \(results)")
        #expect(host.world.withLock { $0.relaying } == (isAfter ? .auth : .open), "\(moment.what)")
        #expect(try host.store.verify() == [], "\(moment.what)")
        #expect(try host.store.unfinishedChangeSets().isEmpty, "\(moment.what)")
        return state
    }

    @Test("A write that nobody synced is lost: the disk does what it is there for")
    func control() throws {
        let disk = try Disk()
        defer { disk.remove() }
        let file = disk.mountPoint.appending(path: "file")
        // Foundation's own ways to write may sync.
        let stream = try #require(fopen(file.path, "w"))
        fputs("not synced", stream)
        fclose(stream)
        try disk.cutPower(leaving: disk.copy())
        #expect((try? String(contentsOf: file, encoding: .utf8)) ?? "" != "not synced")
    }

    private func applied(on disk: Disk) async throws -> [Moment] {
        let directory = disk.mountPoint.appending(path: "host")
        let host = try TestHost(directory: directory)
        try disk.sync()
        let moments = Mutex<[Moment]>([])
        host.world.withLock { world in
            world.probes = [TestHost.report(.open), TestHost.report(.closed)]
            world.onProgress = { progress, relaying in
                guard let image = try? disk.copy() else { return }
                moments.withLock { $0.append(Moment(what: "\(progress)", image: image, relaying: relaying)) }
            }
        }
        #expect(try await host.apply().outcome == .confirmed)
        let end = try Moment(what: "the end", image: disk.copy(), relaying: .auth)
        return moments.withLock { $0 } + [end]
    }
}

/// A file system on a loop device, and copies of the file behind it.
private struct Disk: Sendable {
    let directory: URL
    var mountPoint: URL { directory.appending(path: "mount") }
    private var image: String { directory.appending(path: "image").path }

    static let isAvailable: Bool = {
        guard geteuid() == 0, let disk = try? Disk() else { return false }
        disk.remove()
        return true
    }()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: mountPoint, withIntermediateDirectories: true)
        do {
            try Self.run("/usr/bin/truncate", "-s", "24M", image)
            try Self.run("/usr/sbin/mkfs.ext4", "-q", "-F", image)
            try mount(image)
        } catch {
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
    }

    /// Nothing is written back by itself within the time of a test.
    private func mount(_ image: String) throws {
        try Self.run("/usr/bin/mount", "-o", "loop,commit=300", image, mountPoint.path)
    }

    func sync() throws { try Self.run("/usr/bin/sync", "-f", mountPoint.path) }

    /// What the disk has at this moment.
    func copy() throws -> String {
        let copy = directory.appending(path: UUID().uuidString).path
        try Self.run("/usr/bin/cp", "--sparse=always", image, copy)
        return copy
    }

    /// The file system as the copy has it, once its journal is replayed.
    func cutPower(leaving copy: String) throws {
        try Self.run("/usr/bin/umount", mountPoint.path)
        // A file of its own: the loop device of the old one may not be gone yet.
        try mount(copy)
    }

    func remove() {
        try? Self.run("/usr/bin/umount", mountPoint.path)
        try? FileManager.default.removeItem(at: directory)
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments)")
    }
}
