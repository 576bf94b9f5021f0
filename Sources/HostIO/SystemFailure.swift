internal import Glibc
internal import MailModel
internal import SystemPackage

extension Failure {
    /// Turns an error number of the system into a sentence about a file, with what the reader can do.
    /// - Parameters:
    ///   - summary: What was not done, naming the file.
    ///   - path: What the advice is about.
    init(_ summary: String, _ error: Errno, at path: String, _ status: ExitStatus = .failed) {
        let lacksRoot = geteuid() != 0 && (error == .permissionDenied || error == .notPermitted)
        self.init(
            lacksRoot && status == .failed ? .needsRoot : status, summary, detail: "\(error).",
            remedy: lacksRoot ? "Run it as root." : advice(error, path))
    }
}

private func advice(_ error: Errno, _ path: String) -> String? {
    switch error {
    case .noSpace, .diskQuotaExceeded: "Free space on the file system that holds it: `df \(path)`."
    case .readOnlyFileSystem: "The file system is mounted read-only: `findmnt -T \(path)`."
    case .ioError: "The disk reports errors: look at `dmesg`."
    case .notPermitted, .permissionDenied: "Look at its attributes and rights: `lsattr -d \(path)`."
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "Raise the limit of open files: `ulimit -n`."
    default: nil
    }
}

/// An error number that leaves a module's inner function together with what was being done.
func attempt<Value: ~Copyable>(
    _ summary: @autoclosure () -> String, at path: String, _ body: () throws(Errno) -> Value
) throws(Failure) -> Value {
    do throws(Errno) {
        return try body()
    } catch {
        throw Failure(summary(), error, at: path)
    }
}
