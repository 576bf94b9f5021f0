/// A place in a text file, counted from 1.
package struct SourceLocation: Hashable, Sendable, Codable {
    package var file: String
    package var line: Int
    /// Counted in characters; `nil` when only the line is known.
    package var column: Int?

    package init(file: String, line: Int, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, as compilers print it.
    package var description: String {
        column.map { "\(file):\(line):\($0)" } ?? "\(file):\(line)"
    }
}

/// One thing that is wrong with what somebody wrote: where, what, and what to do about it.
package struct Diagnostic: Hashable, Sendable {
    package var location: SourceLocation?
    package var summary: String
    package var remedy: String?

    package init(_ summary: String, at location: SourceLocation? = nil, remedy: String? = nil) {
        self.location = location
        self.summary = summary
        self.remedy = remedy
    }
}

/// Why a verb could not do what it was asked, in the words that the user reads.
///
/// Every module that touches the world throws this one type, so that the edge has one place
/// where an error becomes a message and an exit status. Nothing branches on the texts.
package struct Failure: Error, Hashable, Sendable {
    /// The exit status that the run ends with.
    package var status: ExitStatus
    /// One sentence without a full stop: what could not be done.
    package var summary: String
    /// What is known about why; may be several sentences.
    package var detail: String?
    /// What the reader can do now, as an instruction.
    package var remedy: String?
    /// Every single thing that is wrong, where there are several (a policy, a plan).
    package var diagnostics: [Diagnostic]

    package init(
        _ status: ExitStatus, _ summary: String, detail: String? = nil, remedy: String? = nil,
        diagnostics: [Diagnostic] = []
    ) {
        self.status = status
        self.summary = summary
        self.detail = detail
        self.remedy = remedy
        self.diagnostics = diagnostics
    }
}
