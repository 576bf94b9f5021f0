import ArgumentParser
import Foundation
import HostIO
import MailModel
import Observation
import Vantages

/// Where a probe runs, and what it takes to get there.
struct VantageOption: ParsableArguments {
    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "Probe from here instead of where the policy says: netns, direct, ssh:// or https://.",
            valueName: "vantage"),
        transform: { text in
            guard let vantage = VantageAddress(text) else {
                throw ValidationError("a vantage is netns, direct, ssh://[user@]host or https://…")
            }
            return vantage
        })
    var from: VantageAddress?

    @Option(
        help: ArgumentHelp(
            "The token that an https:// vantage wants, in this file; else /etc/agent/vantage.token.",
            valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            """
            The authority, in PEM, that vouches for an https:// vantage; else \
            /etc/agent/vantage-ca.pem where it is there, else the system's ones.
            """,
            valueName: "file"),
        completion: .file())
    var vantageCa: String?

    @Option(
        help: ArgumentHelp(
            """
            The address that this host is reached by where its own is private (NAT), for ssh:// and https://; \
            else the one that it asks from. It may be given several times.
            """,
            valueName: "address"),
        transform: { text in
            guard let address = IPAddress(text), !address.isUnspecified else {
                throw ValidationError("--address takes an address: 203.0.113.10")
            }
            return address
        })
    var address: [IPAddress] = []

    /// The live ones, with what the user has given, else with what the host keeps for its vantage.
    /// - Parameter usual: the vantage where the user names none.
    /// - Throws: ``ExitStatus/usage`` when something is missing that the vantage takes.
    func instruments(orElse usual: VantageAddress) throws(Failure) -> VantageInstruments {
        var instruments = VantageInstruments.ofThisProgram
        if let tokenFile {
            try requireSecretFile(tokenFile)
            instruments.token = firstToken(in: try readText(tokenFile, what: "the token"))
        }
        if let vantageCa { instruments.trustedPEM = try readText(vantageCa, what: "the authority") }
        instruments.publicAddresses = address
        guard address.isEmpty || (from ?? usual).isElsewhere else {
            throw Failure(
                .usage, "--address says nothing to the vantage \((from ?? usual).text)",
                detail: "It stands on this host, and finds it by its own addresses.",
                remedy: "Leave it out, or name a vantage elsewhere: --from ssh://… or https://….")
        }
        try instruments.complete(for: from ?? usual)
        return instruments
    }
}

extension VantageOption {
    /// The same for a later run of this program, wherever it is started.
    var words: [String] {
        let absolute = { (path: String) in URL(filePath: path).path }
        return (from.map { ["--from", $0.text] } ?? [])
            + (tokenFile.map { ["--token-file", absolute($0)] } ?? [])
            + (vantageCa.map { ["--vantage-ca", absolute($0)] } ?? [])
            + address.flatMap { ["--address", $0.description] }
    }

    /// What the run that opened the confirm window was given, where this one is given nothing.
    var orOfOpenWindow: VantageOption {
        guard words.isEmpty, let window = try? VantageOption.parse(ConfirmAlarm.vantageWords()) else {
            return self
        }
        return window
    }
}

extension Host {
    /// Judges an earlier change as it was to be judged. A vantage that cannot be had stops no recovery: it cannot tell.
    mutating func judge(from option: VantageOption) {
        let option = option.orOfOpenWindow
        recoveryVantage = option.from
        vantageWords = option.words
        vantage = (try? option.instruments(orElse: policy.probe.from)) ?? .ofThisProgram
    }
}

/// Where a host keeps what an https:// vantage of its policy takes, so that `recover`, the confirm window's timer and
/// the boot unit have it as well.
private enum VantageFiles {
    static let token = "/etc/agent/vantage.token"
    static let authority = "/etc/agent/vantage-ca.pem"
}

private func firstToken(in text: String) -> String? {
    text.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") && !$0.isEmpty }.map(String.init)
}

extension VantageInstruments {
    /// The live ones, with what this program knows of itself and of its machine.
    static var ofThisProgram: VantageInstruments {
        var instruments = VantageInstruments.live(program: agentVersion)
        instruments.interfaces = interfaceNetworks() ?? []
        return instruments
    }

    /// Reads what the user has not named from where the host keeps it.
    /// - Throws: ``ExitStatus/usage`` when an https:// vantage is to be asked and there is no token;
    ///   ``ExitStatus/invalid`` when others than root could have written the host's files, or may read the token.
    mutating func complete(for vantage: VantageAddress) throws(Failure) {
        guard case .https(let url) = vantage else { return }
        if token == nil, try isThere(VantageFiles.token) {
            try requireSecretFile(VantageFiles.token)
            token = firstToken(in: try readText(VantageFiles.token, what: "the token"))
        }
        if trustedPEM == nil, try isThere(VantageFiles.authority) {
            try requireTrustedFile(VantageFiles.authority)
            trustedPEM = try readText(VantageFiles.authority, what: "the authority")
        }
        guard token == nil else { return }
        throw Failure(
            .usage, "the vantage \(url) wants a token",
            remedy: "Keep it in \(VantageFiles.token), or name the file that holds it: --token-file FILE.")
    }
}

/// - Throws: ``ExitStatus/usage``, with what the file was to be.
func readText(_ path: String, what: String) throws(Failure) -> String {
    do {
        return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw Failure(.usage, "\(what) cannot be read from \(path)", detail: error.localizedDescription)
    }
}
