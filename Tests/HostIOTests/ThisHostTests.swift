import Glibc
import HostIO
import MailModel
import Testing

@Suite("This host")
struct ThisHostTests {
    @Test("What the host says of itself is what the system's files and programs say")
    func identity() async throws {
        #expect(await HostTools.run("/bin/hostname")?.trimmed == hostName())
        #expect(
            try readFile("/proc/sys/kernel/random/boot_id", limit: 99) == Array("\(bootID() ?? "")\n".utf8))
        if let machine = machineID() {
            #expect(try readFile("/etc/machine-id", limit: 99).starts(with: Array(machine.utf8)))
        }
        #expect(effectiveUserID() == geteuid())
        let executable = try #require(executablePath())
        #expect(executable.hasPrefix("/") && access(executable, X_OK) == 0)
    }

    @Test("The clocks run")
    func clocks() {
        let start = (currentTime(), timeSinceBoot())
        #expect(abs(Int(time(nil)) - Int(start.0.microseconds / 1_000_000)) <= 1)
        #expect(eventually { timeSinceBoot() > start.1 && currentTime() > start.0 })
    }
}
