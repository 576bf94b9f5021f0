import Foundation
import Testing

let faultLibrary: URL? = {
    // The tests are built beside it.
    let place = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
    let directory = (place ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
    let file = directory.appending(path: "libFaults.so")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
}()

extension OnARealHost {
    /// A change set is ended, or failed, at one call after the other by which the program writes or starts
    /// others. Whatever the call, the next `recover` brings the host to the state before or the state after.
    ///
    /// A sample of the calls is tried; every one with `AGENT_FAULTS=all` in the environment (`make test-faults`),
    /// every third, from the second on, with `2/3`; another sample, of so many calls for each kind of work, with a
    /// number.
    @Suite("Faults", .enabled(if: faultLibrary != nil, "the library Faults is not built: swift build"))
    struct Faults {
        private static let wish = ProcessInfo.processInfo.environment["AGENT_FAULTS"]

        /// The calls to try of all those that an undisturbed run makes.
        private func tried(_ calls: [Call], sample: Int) -> [Call] {
            guard Self.wish != "all" else { return calls }
            let share = (Self.wish ?? "").split(separator: "/").compactMap { Int($0) }
            if share.count == 2, share[1] > 0 {
                return calls.filter { $0.number % share[1] == share[0] % share[1] }
            }
            guard let number = Self.wish.flatMap(Int.init), number > 0 else {
                return chosen(calls, count: sample)
            }
            return calls.shuffled().prefix(number).sorted { $0.number < $1.number }
        }

        /// What is done to the host, from which state to which.
        enum Work: String, CaseIterable {
            case apply, rollback, recover
        }

        /// One line of the log of calls.
        struct Call {
            var number: Int
            var name: String
        }

        @Test(
            "Killed at a call that writes, in an apply, a rollback and a recovery", arguments: Work.allCases)
        func killed(work: Work) throws {
            let bench = try FaultBench(work)
            let calls = try bench.calls()
            let sample = work == .apply ? 20 : 7
            for call in tried(calls, sample: sample) {
                let (run, broken) = try bench.run(at: call.number, "kill")
                // Two runs do not make quite the same number of calls.
                let isBeyond = run.status == 0 && call.number > calls.count - 10
                #expect(run.status == 137 || isBeyond, "\(work) \(call): \(run.errorOutput)")
                try bench.settle(
                    "\(work.rawValue) killed at call \(call.number), \(call.name)", broken: broken)
            }
        }

        @Test(
            "A disk that fails or is full, once and from then on, and calls that are interrupted",
            arguments: [
                (Work.apply, ["eio", "enospc", "eintr", "eio-on", "enospc-on"]),
                (.rollback, ["eio", "enospc-on"]), (.recover, ["enospc", "eio-on"]),
            ])
        func failing(work: Work, kinds: [String]) throws {
            let bench = try FaultBench(work)
            let calls = try bench.calls()
            for kind in kinds {
                for call in tried(calls, sample: 2) {
                    let (run, broken) = try bench.run(at: call.number, kind)
                    #expect(run.status < 128 || run.status == 130, "\(call): \(run.errorOutput)")
                    // Where Plesk could not be asked the plan was a smaller one, and the rest is the next run's.
                    if run.status == 4, run.errorOutput.contains("Still drift: relaying") {
                        let rest = try bench.lab.agent("apply", "--yes")
                        #expect(rest.status == 0, "\(call): \(rest.output)\(rest.errorOutput)")
                    }
                    try bench.settle(
                        "\(work.rawValue), \(kind) at call \(call.number), \(call.name)", broken: broken)
                }
            }
        }

        @Test("A name whose removal fails once is not left beside the file")
        func removalFails() throws {
            let bench = try FaultBench(.apply)
            let (run, broken) = try bench.run([
                "FAULT_CALL=unlinkat", "FAULT_AT=1", "FAULT_KIND=eio",
            ])
            #expect(run.status == 0, "\(run.errorOutput)")
            try bench.settle("the first removal failed", broken: broken)
        }

        /// The calls on the host's own files, and others spread over the whole run.
        private func chosen(_ calls: [Call], count: Int) -> [Call] {
            let rare = calls.filter { ["renameat2", "unlinkat", "fsync", "openat"].contains($0.name) }
            let all = stride(from: 0, to: calls.count, by: max(1, calls.count / count)).map { calls[$0] }
            let some = stride(from: 0, to: rare.count, by: max(1, 2 * rare.count / count)).map { rare[$0] }
            return (all.prefix(count - count / 3) + some.prefix(count / 3)).sorted { $0.number < $1.number }
        }
    }
}

/// A host on which one piece of work is done again and again.
private struct FaultBench {
    let lab: Lab
    let work: OnARealHost.Faults.Work
    /// The state of the host that is repaired.
    let repaired: String

    private static let preloaded = ["/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so"]
    static let defects = ["relaying", "mynetworks", "submission"]

    init(_ work: OnARealHost.Faults.Work) throws {
        lab = try Lab.required()
        self.work = work
        let library = try #require(faultLibrary)
        try lab.install(library, at: "/usr/local/lib/libFaults.so")
        try lab.reset()
        try lab.askOnePort()
        try lab.break(Self.defects)
        #expect(try lab.agent("apply", "--yes").status == 0)
        repaired = try lab.state()
    }

    /// The host as the work finds it.
    /// - Returns: Its broken state, times included.
    private func prepare() throws -> String {
        try lab.reset()
        try lab.askOnePort()
        try lab.break(Self.defects)
        let broken = try lab.state()
        switch work {
        case .apply: break
        case .rollback: #expect(try lab.agent("apply", "--yes").status == 0)
        case .recover:
            // Cut off after Plesk's command, where one file gets its new content.
            let apply = try lab.host(
                Self.preloaded + ["FAULT_CALL=renameat2", "FAULT_AT=2"] + [
                    "/usr/local/bin/agent", "apply", "--yes",
                ])
            #expect(apply.status == 137, "\(apply.errorOutput)")
        }
        return broken
    }

    private var command: [String] {
        switch work {
        case .apply: ["/usr/local/bin/agent", "apply", "--yes"]
        case .rollback: ["/usr/local/bin/agent", "rollback", "--yes", "--allow-insecure"]
        case .recover: ["/usr/local/bin/agent", "recover"]
        }
    }

    func run(_ environment: [String]) throws -> (run: Lab.Run, broken: String) {
        let broken = try prepare()
        let run = try lab.host(Self.preloaded + environment + command)
        return (run, broken)
    }

    /// Every call of an undisturbed run, in order.
    func calls() throws -> [OnARealHost.Faults.Call] {
        try lab.host("rm", "-f", "/root/calls")
        _ = try run(["FAULT_LOG=/root/calls"])
        let lines = try lab.host("cat", "/root/calls").output.split(separator: "\n")
        try lab.host("rm", "-f", "/root/calls")
        let calls = lines.compactMap { line -> OnARealHost.Faults.Call? in
            let words = line.split(separator: " ", maxSplits: 2)
            return words.count > 1
                ? Int(words[0]).map { .init(number: $0, name: words.dropFirst().joined(separator: " ")) }
                : nil
        }
        try #require(calls.count > 50)
        return calls.sorted { $0.number < $1.number }
    }

    func run(at call: Int, _ kind: String) throws -> (run: Lab.Run, broken: String) {
        try run(["FAULT_AT=\(call)", "FAULT_KIND=\(kind)"])
    }

    /// Recovers, and holds the host to one of its two states, whole, and the history to saying which.
    func settle(_ what: String, broken exact: String) throws {
        let recover = try lab.agent("recover")
        #expect(recover.status == 0, "\(what): \(recover.output)\(recover.errorOutput)")
        let state = try lab.state()
        let isBroken = withoutTimes(state) == withoutTimes(exact)
        let isRepaired = withoutTimes(state) == withoutTimes(repaired)
        #expect(isBroken != isRepaired, "\(what): neither before nor after\n\(difference(state))")
        // What was never touched, or was put back, has its old times as well.
        if isBroken { #expect(state == exact, "\(what)") }
        #expect(try lab.agent("recover").output == "Nothing was interrupted.\n", "\(what)")
        let reply = try Outside(lab: lab).strangerReply(port: 25, tls: [])
        #expect(reply.hasPrefix("250") == isBroken, "\(what): \(reply)")
        #expect(try lastWord() != (isBroken ? "after" : "before"), "\(what)")
    }

    /// Which state the history says that the host is in: the last change set that is in effect decides.
    private func lastWord() throws -> String? {
        guard try lab.host("test", "-e", "/var/lib/agent/agent.sqlite").status == 0 else { return nil }
        let history = try lab.agent("history", "--format", "json").json()["changes"] as? [[String: Any]]
        let kept = ["confirmed", "unconfirmed", "still-open"]
        guard let last = history?.first(where: { kept.contains($0["outcome"] as? String ?? "") }) else {
            return history?.isEmpty == true ? nil : "before"
        }
        return last["kind"] as? String == "apply" ? "after" : "before"
    }

    /// Without the times of the files, which an apply makes anew.
    private func withoutTimes(_ state: String) -> [String] {
        state.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard line.hasPrefix("f "), words.count > 6 else { return String(line) }
            return (words[0..<5] + words[6...]).joined(separator: " ")
        }
    }

    private func difference(_ state: String) -> String {
        let lines = withoutTimes(state)
        let reference = withoutTimes(repaired)
        return lines.difference(from: reference).map { "\($0)" }.joined(separator: "\n")
    }
}
