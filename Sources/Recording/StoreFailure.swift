import GRDB
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
            remedy: "Run as root, or name another one with --store.")
    case .SQLITE_CANTOPEN:
        return Failure(
            .storeUnusable, "the store \(path) cannot be opened", detail: code,
            remedy: "Check that it is a file in a directory that exists.")
    default:
        return Failure(.failed, "the store \(path) failed", detail: code)
    }
}

/// A word in the store that this version does not know, though the version is its own.
struct UnknownWord: Error {}

private func damagedStore(_ path: String, _ detail: String) -> Failure {
    Failure(
        .storeUnusable, "the store \(path) is damaged, or is not a store", detail: detail,
        remedy: "Move it aside and keep it: what is in it may be all there is of the old files.")
}
