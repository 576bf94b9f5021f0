internal import Glibc
package import HostIO
package import MailModel
package import Probing

/// The ways out of this process that a vantage needs.
package struct VantageInstruments: Sendable {
    package var runProgram: RunProgram
    /// This program, and the arguments that make it answer a request on its standard input with
    /// ``answerProbeRequest(_:)``.
    package var executable: String
    package var arguments: [String]
    /// A process in the network namespace that is to be probed, and that programs are run in: this one.
    package var hostProcess: Int32
    /// The version of this program, which the other side has to have as well.
    package var program: String
    /// The addresses of this machine, with the prefixes of their networks.
    package var interfaces: [IPNetwork] = []
    /// By which addresses this host is reached, where the user says so.
    package var publicAddresses: [IPAddress] = []
    /// Whether a vantage that is not the host's own may send messages, to catch them itself.
    package var catches = false
    /// What an `agent vantage serve` wants to hear.
    package var token: String?
    /// Who vouches for its certificate, in PEM; the system's authorities where `nil`.
    package var trustedPEM: String?

    package init(
        program: String, runProgram: @escaping RunProgram, executable: String, arguments: [String],
        hostProcess: Int32? = nil
    ) {
        self.program = program
        self.runProgram = runProgram
        self.executable = executable
        self.arguments = arguments
        self.hostProcess = hostProcess ?? getpid()
    }

    /// The live ones. `/proc/PID/exe` is this very program, even when its file was replaced meanwhile.
    package static func live(program: String) -> VantageInstruments {
        VantageInstruments(
            program: program,
            runProgram: { call throws(Failure) in try await HostIO.runProgram(call) },
            executable: "/proc/\(getpid())/exe", arguments: ["probe", "--request", "-"])
    }
}

/// Asks servers to relay, from where the user wants them asked.
///
/// The request's origin is replaced by what the vantage knows about itself.
/// - Parameters:
///   - transcript: every line sent and received. Only `direct` hands it over as it grows.
///   - progress: what a watcher is told.
/// - Throws: When the vantage cannot be had: ``ExitStatus/needsRoot`` without root,
///   ``ExitStatus/cannotTell`` when it cannot be made or does not answer. What servers do is never thrown.
package func runProbe(
    from vantage: VantageAddress, _ request: ProbeRequest, instruments: VantageInstruments,
    transcript: TranscriptSink? = nil, progress: ProbeProgress? = nil
) async throws(Failure) -> ProbeReport {
    switch vantage {
    case .direct:
        return await probeDirectly(request, instruments, transcript: transcript, progress: progress)
    case .networkNamespace:
        return try await probeFromNamespace(request, instruments, transcript: transcript, progress: progress)
    case .ssh(let destination):
        return try await probeOverSSH(
            to: destination, request, instruments, transcript: transcript, progress: progress)
    case .https(let url):
        return try await probeOverHTTPS(
            to: url, request, instruments, transcript: transcript, progress: progress)
    }
}

private func probeDirectly(
    _ request: ProbeRequest, _ instruments: VantageInstruments, transcript: TranscriptSink?,
    progress: ProbeProgress?
) async -> ProbeReport {
    var request = request
    request.origin = ProbeOrigin(kind: "direct", address: nil)
    request.useOwnAddresses(interfaces: instruments.interfaces, catches: instruments.catches)
    let worth = "asked from this process: what it says about outside holds for clients where it stands"
    request.origin.note = request.origin.note.map { "\(worth), \($0)" } ?? worth
    return await probe(request, transcript: transcript, progress: progress ?? ProbeProgress())
}
