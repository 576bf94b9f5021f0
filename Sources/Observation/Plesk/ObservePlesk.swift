internal import Content
import HostIO
package import MailModel

/// Reads the settings that decide who may relay, and nothing else: one call of Plesk's database client.
///
/// Meant for a look after each step of a change. Where the database cannot be read, what `mailserver --info`
/// prints is used as far as it can be understood.
package func observePleskSettings(_ instruments: Instruments) async -> Observed<PleskSettings> {
    switch PleskInstallation.find(in: instruments.files) {
    case .failure(let missing): return .unseen(missing.reason)
    case .success(let plesk):
        let settings = PleskSettings(await askDatabase(plesk, instruments))
        guard settings.isIncomplete else { return .seen(settings) }
        return .seen(await completed(settings, showSettings: "--info", plesk, instruments))
    }
}

/// What Plesk was seen to be, with what its database says of the mail that the host serves.
struct PleskObservation: Sendable {
    var state: Observed<PleskState>
    var hosted: Observed<HostedMail>
}

func observePlesk(
    _ found: Result<PleskInstallation, PleskInstallation.NotInstalled>, _ instruments: Instruments
) async -> PleskObservation {
    switch found {
    case .failure(let missing):
        return PleskObservation(state: .unseen(missing.reason), hosted: .unseen(missing.reason))
    case .success(let plesk):
        // The help comes from a PHP program, the slowest of all.
        async let help = askHelp(plesk, instruments)
        async let answer = askDatabase(plesk, instruments)
        async let busy = askInstaller(plesk, instruments)
        var settings = PleskSettings(await answer)
        let understood = await help
        if settings.isIncomplete, let show = understood?.showSettings {
            settings = await completed(settings, showSettings: show, plesk, instruments)
        }
        let commands =
            understood?.commands(plesk.mailserver)
            ?? MailserverCommands(
                invocation: plesk.mailserver, setRelay: nil, relayWords: [:], authType: nil,
                lockTime: nil, addToWhiteList: nil, removeFromWhiteList: nil)
        let state = PleskState(
            version: plesk.version, root: plesk.root, commands: commands, relaying: settings.relaying,
            logins: settings.logins, whiteList: settings.whiteList, blackList: settings.blackList,
            popLocks: settings.popLocks, shortLoginNames: settings.shortLoginNames, busy: await busy)
        return PleskObservation(state: .seen(state), hosted: hostedMail(await answer))
    }
}

/// Asks the utility how it is called; `--help` first, `-h` where that says nothing.
/// - Returns: `nil` when neither gave a help page.
private func askHelp(_ plesk: PleskInstallation, _ instruments: Instruments) async -> MailserverHelp? {
    guard let program = plesk.mailserver.first else { return nil }
    for option in ["--help", "-h"] {
        let call = ProgramCall(
            executable: program, arguments: plesk.mailserver.dropFirst() + [option],
            deadline: instruments.deadlines.plesk, outputLimit: 1 << 20)
        do {
            // Old utilities print their usage to the error stream and exit 1.
            let result = try await instruments.run(call)
            let help = MailserverHelp(parsing: result.outputText + "\n" + result.errorText)
            if !help.isEmpty { return help }
        } catch {
            // A utility that hangs is not asked a second time.
            return nil
        }
    }
    return nil
}

/// Asks the installer whether it is at work; before the wrapper there is nothing to ask.
/// - Returns: why Plesk must not be changed now; `nil` when nothing speaks against it.
private func askInstaller(_ plesk: PleskInstallation, _ instruments: Instruments) async -> String? {
    guard let installer = plesk.installer, let program = installer.first else { return nil }
    let call = ProgramCall(
        executable: program, arguments: Array(installer.dropFirst()), deadline: instruments.deadlines.plesk,
        outputLimit: 1 << 20)
    do {
        let result = try await instruments.run(call)
        let isBusy = (result.outputText + "\n" + result.errorText).split(whereSeparator: { !$0.isLetter })
            .contains("BUSY")
        return isBusy ? "Plesk's installer is at work: \(firstLine(of: result))" : nil
    } catch {
        return "whether Plesk's installer is at work could not be seen: \(error.summary)"
    }
}

/// Fills what the database did not tell from what `mailserver --info` prints.
private func completed(
    _ settings: PleskSettings, showSettings: String, _ plesk: PleskInstallation, _ instruments: Instruments
) async -> PleskSettings {
    async let general = report([showSettings], plesk, instruments)
    async let white = report([showSettings, "white-list"], plesk, instruments)
    var settings = settings
    if let text = await general {
        if settings.relaying.value == nil, case .seen(let mode) = MailserverReport.relaying(text) {
            settings.relaying = .seen(mode)
        }
        if settings.logins.value == nil, case .seen(let logins) = MailserverReport.logins(text) {
            settings.logins = .seen(logins)
        }
    }
    if settings.whiteList.value == nil, let text = await white,
        case .seen(let entries) = MailserverReport.whiteList(text)
    {
        settings.whiteList = .seen(entries)
    }
    return settings
}

/// - Returns: `nil` when the utility failed: then the reason that the database gave stands.
private func report(
    _ arguments: [String], _ plesk: PleskInstallation, _ instruments: Instruments
) async -> String? {
    guard let program = plesk.mailserver.first else { return nil }
    let call = ProgramCall(
        executable: program, arguments: plesk.mailserver.dropFirst() + arguments,
        deadline: instruments.deadlines.plesk, outputLimit: 1 << 20)
    guard let result = try? await instruments.run(call), result.succeeded else { return nil }
    return result.outputText
}

/// The first line that a program said on its error stream, else on its output, for a reason.
func firstLine(of result: ProgramResult) -> String {
    let lines = (result.errorText + "\n" + result.outputText).split(whereSeparator: \.isNewline)
    if let line = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }) {
        return String(withoutSecrets(String(line)).prefix(200)).trimmed
    }
    switch result.exit {
    case .exited(let code): return "it ended with exit status \(code) and said nothing"
    case .signalled(let signal): return "it was ended by signal \(signal)"
    }
}
