internal import Glibc
internal import MailModel
internal import SystemPackage

/// Runs a body while this process alone holds the lock of that path.
///
/// The lock is flock(2)'s, so the kernel takes it back whatever ends the process, and no program that is
/// run meanwhile inherits it. The file stays; what is written in it says who holds the lock, for the
/// message to others.
/// - Parameters:
///   - path: The lock file; made with mode 0600. Its directory must exist.
///   - owner: The verb that holds it: `agent apply`.
///   - pause: Lets a moment pass for those who only look.
/// - Throws: ``ExitStatus/locked`` with who holds it and since when; ``ExitStatus/failed`` when the file
///   cannot be made; what the body throws.
package func withRunLock<Value>(
    at path: String, owner: String, pause: () -> Void = { usleep(10_000) }, _ body: () async throws -> Value
) async throws -> Value {
    let file = try attempt("the lock \(path) cannot be taken", at: path) { () throws(Errno) in
        try OpenFile(path: path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    }
    try take(file, at: path, pause)
    try attempt("the lock \(path) cannot be taken", at: path) { () throws(Errno) in
        try file.replaceContents("\(getpid()) \(currentTime().rfc3339) \(owner)\n")
    }
    let value: Value
    do {
        value = try await body()
    } catch {
        release(file)
        throw error
    }
    release(file)
    return value
}

/// Whether another run holds the lock at this moment; `false` also for who may not look.
package func isRunLockHeld(at path: String) -> Bool {
    guard let file = try? OpenFile(path: path, O_RDONLY | O_NOFOLLOW) else { return false }
    do throws(Errno) {
        try retrying { flock(file.descriptor.rawValue, LOCK_SH | LOCK_NB) }
    } catch {
        return error == .wouldBlock
    }
    return false
}

private func take(_ file: borrowing OpenFile, at path: String, _ pause: () -> Void) throws(Failure) {
    do throws(Errno) {
        try takeAfterLookers(file, pause)
    } catch {
        guard error == .wouldBlock else { throw Failure("the lock \(path) cannot be taken", error, at: path) }
        let text = try? file.contents(limit: 256)
        throw lockedFailure(String(decoding: (text ?? nil) ?? [], as: UTF8.self), at: path)
    }
}

/// Whoever asks ``isRunLockHeld(at:)`` shares the lock for a moment, which must not turn a run away.
private func takeAfterLookers(_ file: borrowing OpenFile, _ pause: () -> Void) throws(Errno) {
    for _ in 0..<20 {
        do throws(Errno) {
            try retrying { flock(file.descriptor.rawValue, LOCK_EX | LOCK_NB) }
            return
        } catch {
            guard error == .wouldBlock else { throw error }
            pause()
        }
    }
    throw .wouldBlock
}

/// An empty file while nobody holds the lock keeps old names out of messages.
private func release(_ file: borrowing OpenFile) {
    ftruncate(file.descriptor.rawValue, 0)
    _ = flock(file.descriptor.rawValue, LOCK_UN)
}

private func lockedFailure(_ text: String, at path: String) -> Failure {
    let words = text.split(maxSplits: 2) { $0 == " " }.map(String.init)
    guard words.count == 3, let process = Int32(words[0]), let since = Timestamp(rfc3339: words[1]),
        words[2].last == "\n",
        words[2].dropLast().allSatisfy({ $0.isASCII && ($0.isLetter || "- ".contains($0)) })
    else {
        return Failure(
            .locked, "another run holds the lock", remedy: "Wait for it: `fuser -v \(path)` says who it is.")
    }
    return Failure(
        .locked,
        "another run holds the lock: \(words[2].dropLast()), process \(process), since \(since.rfc3339)",
        remedy: "Wait for it to end; `ps \(process)` shows it.")
}

extension OpenFile {
    fileprivate func replaceContents(_ text: String) throws(Errno) {
        try retrying { ftruncate(descriptor.rawValue, 0) }
        let bytes = Array(text.utf8)
        try retrying { pwrite(descriptor.rawValue, bytes, bytes.count, 0) }
    }
}
