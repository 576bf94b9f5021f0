import HostIO
import MailModel
import Testing

@testable import Observation

/// A program on a mail port of a host that is made of files and of what programs are to answer.
protocol ListenerSample {}

extension ListenerSample {
    var sockets: String {
        "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState,Triggers,Listen,Accept *.socket"
    }

    var service: String {
        "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState,MainPID,Type,KillMode,TriggeredBy,WantedBy,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,UpheldBy,SourcePath,FragmentPath"
    }

    /// A host with systemd and dpkg.
    func host() throws -> HostDirectory {
        let host = try HostDirectory()
        try host.directory("/run/systemd/system")
        try host.program("/usr/bin/systemctl")
        try host.program("/usr/bin/dpkg-query")
        return host
    }

    func process(_ host: borrowing HostDirectory, _ id: Int, exe: String, command: String) throws {
        try host.link("/proc/\(id)/exe", to: exe)
        try host.write("/proc/\(id)/cmdline", command.replacing(" ", with: "\u{0}") + "\u{0}")
    }

    func listener(_ executable: String, _ process: Int, unit: String?, address: IPAddress = .v4(0))
        -> Listener
    {
        Listener(address: address, port: 25, processID: process, executable: executable, unit: unit)
    }

    func identified(
        _ host: borrowing HostDirectory, _ listener: Listener, _ answers: [(String, ScriptedPrograms.Answer)]
    ) async -> Listener? {
        let programs = ScriptedPrograms(answers)
        return await Observation.identified([listener], Instruments(host.root, programs)).first
    }
}
