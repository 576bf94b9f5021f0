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

    package init(
        runProgram: @escaping RunProgram, executable: String, arguments: [String], hostProcess: Int32? = nil
    ) {
        self.runProgram = runProgram
        self.executable = executable
        self.arguments = arguments
        self.hostProcess = hostProcess ?? getpid()
    }

    /// The live ones. `/proc/PID/exe` is this very program, even when its file was replaced meanwhile.
    package static var live: VantageInstruments {
        VantageInstruments(
            runProgram: { call throws(Failure) in try await HostIO.runProgram(call) },
            executable: "/proc/\(getpid())/exe", arguments: ["probe", "--request", "-"])
    }
}

/// Asks servers to relay, from where the user wants them asked.
///
/// The request's origin is replaced by what the vantage knows about itself.
/// - Parameter transcript: every line sent and received. The `netns` vantage hands it over at the end.
/// - Throws: When the vantage cannot be had: ``ExitStatus/needsRoot`` without root,
///   ``ExitStatus/cannotTell`` when it cannot be made. What servers do is never thrown.
package func runProbe(
    from vantage: VantageAddress, _ request: ProbeRequest, instruments: VantageInstruments = .live,
    transcript: TranscriptSink? = nil
) async throws(Failure) -> ProbeReport {
    switch vantage {
    case .direct: return await probeDirectly(request, transcript: transcript)
    case .networkNamespace: return try await probeFromNamespace(request, instruments, transcript: transcript)
    case .ssh, .https:
        throw Failure(
            .usage, "the vantage \(vantage.text) is not available in this version",
            detail:
                "A probe can run from netns (a network namespace on this machine) and direct (this process).",
            remedy:
                "Use `--from netns` on the host itself, or run `agent probe --from direct HOST` on another machine."
        )
    }
}

private func probeDirectly(_ request: ProbeRequest, transcript: TranscriptSink?) async -> ProbeReport {
    var request = request
    request.origin = ProbeOrigin(
        kind: "direct", address: request.sources.first?.description,
        note: "asked from this process: what it says about outside holds for clients at this address")
    return await probe(request, transcript: transcript)
}
