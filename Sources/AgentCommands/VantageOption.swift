import ArgumentParser
import Foundation
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
        help: ArgumentHelp("The token that an https:// vantage wants, in this file.", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "The authority, in PEM, that vouches for an https:// vantage; the system's ones else.",
            valueName: "file"),
        completion: .file())
    var vantageCa: String?

    /// The live ones, with what the user has given.
    /// - Parameter usual: the vantage where the user names none.
    /// - Throws: ``ExitStatus/usage`` when something is missing that the vantage takes.
    func instruments(orElse usual: VantageAddress) throws(Failure) -> VantageInstruments {
        if case .https(let url) = from ?? usual, tokenFile == nil {
            throw Failure(
                .usage, "the vantage \(url) wants a token",
                remedy: "Name the file that holds it: --token-file FILE.")
        }
        var instruments = VantageInstruments.ofThisProgram
        if let tokenFile {
            instruments.token = try readText(tokenFile, what: "the token")
                .split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") && !$0.isEmpty }.map(
                    String.init)
        }
        if let vantageCa { instruments.trustedPEM = try readText(vantageCa, what: "the authority") }
        return instruments
    }
}

extension VantageInstruments {
    /// The live ones, with what this program knows of itself and of its machine.
    static var ofThisProgram: VantageInstruments {
        var instruments = VantageInstruments.live(program: agentVersion)
        instruments.interfaces = interfaceNetworks() ?? []
        return instruments
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
