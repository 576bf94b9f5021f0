import Foundation
import Testing

extension OnARealHost {
    @Suite(
        "Verbs that only look",
        .enabled(if: faultLibrary != nil, "the library Faults is not built: swift build"))
    struct Looking {
        @Test("They open nothing for writing, make nothing, rename nothing and remove nothing")
        func writeNothing() throws {
            let lab = try Lab.required()
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            try lab.reset()
            try lab.break(["mynetworks"])
            #expect(try lab.agent("apply", "--yes").status == 0)
            try lab.break(["mynetworks"])
            let before = try lab.state()
            for verb in [
                "plan", "status", "explain", "probe", "history", "show 1", "backups list", "backups verify",
            ] {
                let run = try lab.host(
                    "/bin/sh", "-c",
                    "rm -f /root/calls; LD_PRELOAD=/usr/local/lib/libFaults.so FAULT_LOG=/root/calls agent \(verb)"
                )
                #expect([0, 2].contains(run.status), "\(verb): \(run.errorOutput)")
                let calls = try lab.host("/bin/sh", "-c", "touch /root/calls; cat /root/calls").output
                let writing = calls.split(separator: "\n").filter { line in
                    let call = line.split(separator: " ").dropFirst().first ?? ""
                    // What is written without being opened is memory with a descriptor: a program's input.
                    return !["posix_spawn", "connect", "write"].contains(call)
                }
                #expect(writing == [], "\(verb)")
            }
            #expect(try lab.state() == before)
        }
    }
}
