internal import Content
internal import Glibc
package import MailModel
internal import SystemPackage

/// What the time of the last change is after a write.
package enum ModificationTime: Hashable, Sendable {
    /// When the write happened.
    case ofTheWrite
    /// The one in the metadata: the file is restored.
    case restored
}

/// Replaces a file's bytes in one step, and only when it still holds what was expected.
///
/// The new bytes are written to a file beside it, made durable, given the metadata, and exchanged with
/// the old file by one rename; what came out is looked at, and put back when it was not what was
/// expected. So at every moment, also after a crash, the name holds the old file or the new one, and a
/// change by somebody else is never lost. A symbolic link is followed and stays.
/// - Parameters:
///   - bytes: The whole new content.
///   - metadata: Owner, mode, ACL, label and other attributes that the new file must have.
///   - expecting: What the file must hold now; `nil` when there must be no such file yet.
///   - modificationTime: Whether the time in `metadata` is set as well.
/// - Throws: ``ExitStatus/stale`` when it holds something else or somebody is writing to it;
///   ``ExitStatus/failed`` when it must not or cannot be replaced; ``ExitStatus/needsRoot``; in all
///   these the file is as it was, but for one: when only the directory could not be made durable, the
///   new content is there and the failure says so. ``ExitStatus/personMustAct`` when two others wrote to
///   it at the same moment and one of the contents was kept under another name.
package func replaceFile(
    _ path: String, with bytes: [UInt8], metadata: FileMetadata, expecting: [UInt8]?,
    modificationTime: ModificationTime = .ofTheWrite
) throws(Failure) {
    let place = try FilePlace.of(path)
    let before = try place.expected(expecting)
    let draft = try place.writeDraft(bytes, metadata, modificationTime)
    if let expecting, let before {
        let exchange = Exchange(old: expecting, oldMetadata: before, new: bytes)
        try place.carryOut(exchange, draft)
    } else {
        try place.create(from: draft)
    }
    try place.synchronize()
}

/// Says beforehand whether ``replaceFile(_:with:metadata:expecting:modificationTime:)`` would refuse a file.
/// - Throws: The same refusals; nothing when the file is fit to be replaced or is not there.
package func checkReplaceable(_ path: String) throws(Failure) {
    let place = try FilePlace.of(path)
    _ = try place.target()
}

/// Removes a file, only when it still holds what was expected.
/// - Throws: As ``replaceFile(_:with:metadata:expecting:modificationTime:)`` does.
package func removeFile(_ path: String, expecting: [UInt8]) throws(Failure) {
    let place = try FilePlace.of(path)
    guard let before = try place.expected(expecting) else { return }
    let parked = LeftoverName.parked(place.name, new: nil, old: expecting)
    try place.step { () throws(Errno) in
        try LinuxCalls.rename(place.name, to: parked, in: place.directory, .keepingTheOther)
    }
    let isExpected = (try? place.holds(parked, expecting, before)) ?? false
    guard isExpected else {
        do throws(Errno) {
            try LinuxCalls.rename(parked, to: place.name, in: place.directory, .keepingTheOther)
        } catch {
            throw place.keptAside(parked)
        }
        throw place.stale("somebody else changed it at the same moment")
    }
    place.unlink(parked)
    try place.synchronize()
}

extension FilePlace {
    /// Checks that the file holds what is expected and that nobody has it open for writing.
    /// - Returns: The file's metadata; `nil` when there is no file, as expected.
    func expected(_ expecting: [UInt8]?) throws(Failure) -> FileMetadata? {
        guard let file = try target() else {
            guard expecting != nil else { return nil }
            throw stale("it is not there any more")
        }
        guard let expecting else { throw stale("somebody else has made such a file") }
        // Whoever is in the middle of a write gets the time to end it.
        guard retry(times: 20, { !file.isBeingWritten() }) else {
            throw stale("somebody has it open for writing")
        }
        let metadata = try step { () throws(Errno) in
            try file.contents(limit: expecting.count) == expecting ? try file.metadata() : nil
        }
        guard let metadata else { throw stale("it does not hold any more what the plan saw") }
        return metadata
    }

    func keptAside(_ parked: String) -> Failure {
        Failure(
            .personMustAct, "\(named) was changed by others while it was being written",
            detail: "Nothing is lost: one of the contents is in \(join(directoryPath, parked)).",
            remedy: "Compare it with \(path), keep what is right, and remove the other file.")
    }

    /// What fails once is tried again. A name that is left behind all the same is removed by the next run that writes here.
    func unlink(_ name: String) {
        if unlinkat(directory.descriptor.rawValue, name, 0) != 0 {
            unlinkat(directory.descriptor.rawValue, name, 0)
        }
    }

    func step<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Failure) -> Value {
        try attempt("\(named) was not changed", at: path, body)
    }
}

/// Asks again every two milliseconds.
private func retry(times: Int, _ holds: () -> Bool) -> Bool {
    for _ in 0..<times {
        if holds() { return true }
        usleep(2000)
    }
    return holds()
}
