/// One run of an outside program: what to start, what to give it, and when to stop waiting.
///
/// Nothing is inherited from this process: no environment, no descriptors, no terminal; the working
/// directory is `/`.
package struct ProgramCall: Hashable, Sendable {
    /// Absolute; nothing is looked up in a search path.
    package var executable: String
    package var arguments: [String]
    /// Beside `LC_ALL=C` and the system's own `PATH`, which every program gets unless named here.
    package var environment: [String: String]
    /// What the program reads from its standard input; empty is the end of the file at once.
    package var input: [UInt8]
    /// Counted from the start; when it passes, the program and its children are ended.
    package var deadline: Duration
    /// The most that each of the two output streams may carry, in bytes.
    package var outputLimit: Int
    /// Gets what the program prints to its standard error while it runs; `nil` when nobody watches.
    package var watcher: ErrorWatcher?

    package init(
        executable: String, arguments: [String] = [], environment: [String: String] = [:],
        input: [UInt8] = [], deadline: Duration, outputLimit: Int = 16 << 20
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.deadline = deadline
        self.outputLimit = outputLimit
    }
}

/// Whoever wants to see a program's standard error before the program ends.
package final class ErrorWatcher: Hashable, Sendable {
    package let take: @Sendable (_ line: String) -> Void

    /// - Parameter take: gets each whole line, without its end; what is longer than 128 KiB ends the program.
    package init(_ take: @escaping @Sendable (_ line: String) -> Void) { self.take = take }

    package static func == (left: ErrorWatcher, right: ErrorWatcher) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// How a program ended.
package enum ProgramExit: Hashable, Sendable {
    case exited(Int32)
    /// The number of the signal (signal(7)).
    case signalled(Int32)
}

/// What a program that ran to its end left behind.
package struct ProgramResult: Hashable, Sendable {
    package var exit: ProgramExit
    package var output: [UInt8]
    package var errorOutput: [UInt8]

    package init(exit: ProgramExit, output: [UInt8] = [], errorOutput: [UInt8] = []) {
        self.exit = exit
        self.output = output
        self.errorOutput = errorOutput
    }

    package var succeeded: Bool { exit == .exited(0) }

    /// For messages only: bytes that are not UTF-8 are replaced.
    package var outputText: String { String(decoding: output, as: UTF8.self) }

    /// For messages only: bytes that are not UTF-8 are replaced.
    package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}
