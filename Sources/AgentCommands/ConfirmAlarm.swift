import Content
import Execution
import Foundation
import HostIO
import MailModel

/// What ends a confirm window on time when nobody is there: a timer of systemd while the host is up, and a
/// unit that runs before mail is served when it starts again.
struct ConfirmAlarm: Sendable {
    let run: RunProgram
    /// The program and its arguments: `agent recover` with the options of the run that opened the window.
    let recover: [String]
    let store: String

    static let unitPath = "/etc/systemd/system/agent-window.service"

    /// - Throws: Where no window can be opened on this host, as it is.
    func requireRoom() throws(Failure) {
        guard try isThere("/run/systemd/system") else {
            throw Failure(
                .failed, "a confirm window needs systemd, which does not run here",
                detail: "Its timer and its boot unit end the window when nobody confirms.",
                remedy: "Apply without --confirm-timeout.")
        }
        if let other = storeOfAnotherWindow() {
            throw Failure(
                .failed, "a confirm window is open already, of the store \(other)",
                remedy:
                    "`agent confirm --store \(other)` or `agent cancel --store \(other)` ends it; when it "
                    + "has ended already, `agent recover --store \(other)` removes what it left.")
        }
    }

    /// Both are set and on the disk when this returns.
    /// - Throws: When systemd is not there or refuses; the window must not be opened then.
    func set(_ change: Int, after length: Duration) async throws(Failure) {
        try requireRoom()
        try installUnit()
        try await systemctl("daemon-reload")
        try await systemctl("enable", "agent-window.service")
        try await demand(
            "/bin/sync", ["/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants"])
        try await startTimer(change, after: length)
    }

    /// Takes both back.
    func clear(_ change: Int) async {
        // What is left fires into a closed window and does nothing.
        try? await systemctl("stop", "\(timerName(change))-*.timer")
        _ = try? removeLeftovers(in: "/etc/systemd/system")
        await clearUnit()
    }

    /// Removes what a run that was cut off left of a window: its drafts, and the unit where this store has no open window.
    func clearLeftovers(isWindowOpen: Bool) async {
        // Where it cannot be done, as on a mount that is read-only in a sandbox, the next run does it.
        _ = try? removeLeftovers(in: "/etc/systemd/system")
        guard !isWindowOpen, isUnitOurs else { return }
        // The unit is there before the first timer, and goes after the last.
        try? await systemctl("stop", "agent-confirm-*-\(storeMark)-*.timer")
        await clearUnit()
    }

    private func clearUnit() async {
        guard let unit = try? snapshotFile(Self.unitPath), isUnitOurs else { return }
        try? await systemctl("disable", "agent-window.service")
        try? removeFile(Self.unitPath, expecting: unit.bytes)
        try? await systemctl("daemon-reload")
    }

    private var isUnitOurs: Bool {
        (try? isThere(Self.unitPath)) == true && storeOfAnotherWindow() == nil
    }

    /// The store that the unit on this host belongs to, where that is another one than this and is still there.
    private func storeOfAnotherWindow() -> String? {
        guard let unit = try? snapshotFile(Self.unitPath) else { return nil }
        let setting = "ConditionPathExists="
        let line = String(decoding: unit.bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(setting) }
        guard let other = line?.dropFirst(setting.count).replacing("%%", with: "%"),
            (try? isThere(String(other))) == true
        else { return nil }
        let files = [String(other), store].map { URL(filePath: $0).resolvingSymlinksInPath().path }
        return files[0] == files[1] ? nil : String(other)
    }

    /// Two stores may have a change of the same number.
    private func timerName(_ change: Int) -> String { "agent-confirm-\(change)-\(storeMark)" }

    private var storeMark: Substring { sha256(store.utf8).prefix(8) }

    /// The lock may be held when it fires, by a question that nobody answers, or the database not yet be there: it tries
    /// again until it succeeds, or a person must act.
    func startTimer(_ change: Int, after length: Duration) async throws(Failure) {
        let unit = "\(timerName(change))-\(currentTime().microseconds)"
        let limits = sandbox(store: store).map { "--property=" + $0 }
        let timer: [String] =
            [
                "--quiet", "--collect", "--unit=\(unit)",
                "--description=The confirm window of agent's change \(change) ends",
                "--on-active=\(max(1, length.components.seconds + 1))s", "--timer-property=AccuracySec=1s",
                "--property=Type=exec", "--property=Restart=on-failure", "--property=RestartSec=10s",
                "--property=SuccessExitStatus=3 5", "--property=RestartPreventExitStatus=4",
                "--property=StartLimitIntervalSec=0",
            ]
        try await demand("/usr/bin/systemd-run", timer + limits + ["--"] + recover)
        await stopTimers(of: change, but: unit + ".timer")
    }

    /// An earlier timer would fire for nothing, and set another one each time.
    private func stopTimers(of change: Int, but newest: String) async {
        let list = ["list-units", "--all", "--plain", "--no-legend", "\(timerName(change))-*.timer"]
        let listed = try? await run(
            ProgramCall(executable: "/bin/systemctl", arguments: list, deadline: .seconds(30)))
        let names = listed?.outputText.split(separator: "\n").compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        for name in names ?? [] where name != newest { try? await systemctl("stop", name) }
    }

    private func installUnit() throws(Failure) {
        let unit = try snapshotFile(Self.unitPath)
        let text = Array(bootUnit.utf8)
        guard unit?.bytes != text else { return }
        try replaceFile(
            Self.unitPath, with: text, metadata: FileMetadata(owner: 0, group: 0, mode: 0o644),
            expecting: unit?.bytes)
    }

    private var bootUnit: String {
        """
        # Written by agent for an open confirm window, and removed when it closes.
        [Unit]
        Description=The open confirm window of agent, before mail is served
        After=local-fs.target mariadb.service mysql.service agent-recover.service
        Before=postfix.service postfix@-.service qmail.service xinetd.service
        ConditionPathExists=\(store.replacing("%", with: "%%"))

        [Service]
        Type=oneshot
        ExecStart=\((recover + ["--at-boot"]).map(systemdWord).joined(separator: " "))
        SuccessExitStatus=3 5
        TimeoutStartSec=5min
        \(sandbox(store: store).joined(separator: "\n"))

        [Install]
        WantedBy=multi-user.target

        """
    }

    /// The options for the vantage that the unit of the open window has; none where no window is open.
    static func vantageWords() -> [String] {
        guard let unit = try? snapshotFile(unitPath) else { return [] }
        let text = String(decoding: unit.bytes, as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ExecStart=") }) else {
            return []
        }
        let words = systemdWords(in: line.dropFirst("ExecStart=".count))
        return words.indices.filter {
            ["--from", "--token-file", "--vantage-ca", "--address"].contains(words[$0])
        }
        .flatMap { words[$0..<min($0 + 2, words.count)] }
    }

    private func systemctl(_ arguments: String...) async throws(Failure) {
        try await demand("/bin/systemctl", ["--quiet"] + arguments)
    }

    private func demand(_ program: String, _ arguments: [String]) async throws(Failure) {
        let result = try await run(
            ProgramCall(executable: program, arguments: arguments, deadline: .seconds(30)))
        guard result.succeeded else {
            throw Failure(
                .failed, "the confirm window's timer could not be set: \(program) failed",
                detail: result.errorText, remedy: "Apply without --confirm-timeout, or mend systemd.")
        }
    }
}

/// One word of a command line in a unit file (systemd.service(5), "Command lines").
func systemdWord(_ word: String) -> String {
    let escaped = word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("%", with: "%%").replacing("$", with: "$$")
    return "\"\(escaped)\""
}

/// What ``systemdWord(_:)`` has made words of a line.
func systemdWords(in line: Substring) -> [String] {
    var words: [String] = []
    var word: String?
    var isEscaped = false
    for character in line.replacing("%%", with: "%").replacing("$$", with: "$") {
        switch (character, word) {
        case (_, let text?) where isEscaped:
            word = text + String(character)
            isEscaped = false
        case ("\\", .some): isEscaped = true
        case ("\"", let text?):
            words.append(text)
            word = nil
        case ("\"", nil): word = ""
        case (_, let text?): word = text + String(character)
        case (_, nil): continue
        }
    }
    return words
}
