import GRDB
import Glibc
import MailModel

/// What SQLite reported, in the words of the user; payloads stay hidden.
func storeFailure(_ error: any Error, path: String) -> Failure {
    if let failure = error as? Failure { return failure }
    if error is RowDecodingError || error is UnknownWord {
        return damagedStore(path, "A value in it is not of its kind.")
    }
    guard let error = error as? DatabaseError else {
        return Failure(
            .failed, "the store \(path) could not be used", detail: String(describing: type(of: error)))
    }
    let code = "SQLite result code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        return damagedStore(path, code)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
        return Failure(
            .locked, "the store \(path) is locked by another program", detail: code,
            remedy: "Wait until that run has ended, then try again.")
    case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK:
        return Failure(
            .failed, "the store \(path) was left in the middle of a write, and may only be read here",
            detail: code, remedy: "Run `agent recover` as root: it takes the unfinished write back.")
    case .SQLITE_FULL:
        return Failure(
            .failed, "the disk is full: the store \(path) cannot grow", detail: code,
            remedy: "Free some space; nothing is changed without a backup.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
        return Failure(
            .failed, "the store \(path) cannot be written", detail: code,
            remedy: whatForbidsWriting(path) ?? "Run as root, or name another one with --store.")
    case .SQLITE_CANTOPEN where whatForbidsWriting(path) != nil:
        return Failure(
            .failed, "the store \(path) cannot be written", detail: code, remedy: whatForbidsWriting(path))
    case .SQLITE_CANTOPEN:
        return Failure(
            .storeUnusable, "the store \(path) cannot be opened", detail: code,
            remedy: "Check that it is a file in a directory that exists.")
    default:
        return Failure(.failed, "the store \(path) failed", detail: code)
    }
}

/// What keeps root too from writing to the store, or to its directory, where the rollback journal is made.
///
/// Asked by name: closing a descriptor of the store would end the locks of every connection to it.
/// - Returns: `nil` where it is the rights of the user alone, or nothing.
func whatForbidsWriting(_ path: String) -> String? {
    let end = path.lastIndex(of: "/") ?? path.startIndex
    let directory = end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : String(path[..<end])
    for place in [path, directory] where access(place, W_OK) != 0 {
        switch errno {
        case EROFS: return "The file system is mounted read-only: `findmnt -T \(place)`."
        case EPERM: return "It is immutable: `lsattr -d \(place)` shows it, `chattr -i \(place)` ends it."
        default: continue
        }
    }
    return nil
}

/// A word in the store that this version does not know, though the version is its own.
struct UnknownWord: Error {}

private func damagedStore(_ path: String, _ detail: String) -> Failure {
    Failure(
        .storeUnusable, "the store \(path) is damaged, or is not a store", detail: detail,
        remedy: "Move it aside and keep it: what is in it may be all there is of the old files.")
}
