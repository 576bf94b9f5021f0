internal import Glibc
package import MailModel
internal import Subprocess
internal import SystemPackage

/// The seam through which outside programs are run.
///
/// A non-zero exit status is a value. It throws only when there is no result: the program could not be
/// started, passed its deadline, printed more than allowed, or the task was cancelled.
package typealias RunProgram = @Sendable (ProgramCall) async throws(Failure) -> ProgramResult

/// Runs a program of this machine and waits for its end.
///
/// The program leads a session of its own, so a Ctrl-C at our terminal does not reach it. When the
/// deadline passes, when it prints too much, or when the task is cancelled, its process group gets
/// SIGTERM, two seconds later SIGKILL. A daemon that it leaves behind on purpose is not waited for, even
/// when that keeps the output streams open.
/// - Returns: The exit and all that was printed, whatever the exit status is.
/// - Throws: When there is no such program, it may not be run, it passed its deadline, or it printed more
///   than `outputLimit` to one stream (all ``ExitStatus/failed``); ``ExitStatus/interrupted`` when the
///   task was cancelled.
package func runProgram(_ call: ProgramCall) async throws(Failure) -> ProgramResult {
    try checkExecutable(call)
    let ending = await withTaskGroup(of: Ending.self) { group in
        group.addTask { await runToItsEnd(call) }
        group.addTask {
            do {
                try await Task.sleep(for: call.deadline)
                return .deadlinePassed
            } catch {
                return .cancelled
            }
        }
        let first = await group.next() ?? .cancelled
        group.cancelAll()
        await group.waitForAll()
        return first
    }
    if Task.isCancelled {
        throw Failure(.interrupted, "\(call.executable) was ended because this run was interrupted")
    }
    switch ending {
    case .ended(let result): return result
    case .failed(let failure): throw failure
    case .deadlinePassed, .cancelled: throw deadlinePassed(call)
    }
}

private enum Ending: Sendable {
    case ended(ProgramResult)
    case failed(Failure)
    case deadlinePassed
    case cancelled
}

private func runToItsEnd(_ call: ProgramCall) async -> Ending {
    var started: pid_t?
    do {
        let result = try await collect(call) { started = $0 }
        if Task.isCancelled { endRemains(ofGroup: started) }
        return .ended(result)
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
        endRemains(ofGroup: started)
        return .failed(printedTooMuch(call))
    } catch let error as SubprocessError {
        endRemains(ofGroup: started)
        return .failed(couldNotRun(call, error.underlyingError?.description ?? error.description))
    } catch {
        endRemains(ofGroup: started)
        return .failed(couldNotRun(call, String(describing: error)))
    }
}

private func collect(_ call: ProgramCall, _ begun: (pid_t) -> Void) async throws -> ProgramResult {
    let input = try standardInput(call.input)
    guard let watcher = call.watcher else {
        let result = try await run(
            configuration(of: call), input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .bytes(limit: call.outputLimit), error: .bytes(limit: call.outputLimit)
        ) { begun($0.processIdentifier.value) }
        return ProgramResult(
            exit: ProgramExit(result.terminationStatus), output: result.standardOutput,
            errorOutput: result.standardError)
    }
    let result = try await run(
        configuration(of: call), input: .fileDescriptor(input, closeAfterSpawningProcess: true),
        output: .bytes(limit: call.outputLimit), error: .sequence
    ) { execution in
        begun(execution.processIdentifier.value)
        var printed: [UInt8] = []
        for try await line in execution.standardError.strings() {
            watcher.take(line)
            if printed.count + line.utf8.count < call.outputLimit { printed += Array((line + "\n").utf8) }
        }
        return printed
    }
    return ProgramResult(
        exit: ProgramExit(result.terminationStatus), output: result.standardOutput,
        errorOutput: result.closureResult)
}

private func configuration(of call: ProgramCall) -> Configuration {
    var values: [Environment.Key: String] = ["LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    values[Environment.Key(stringLiteral: startedHereMark)] = "yes"
    for (name, value) in call.environment { values[Environment.Key(stringLiteral: name)] = value }
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
        .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
    ]
    return Configuration(
        executable: .path(FilePath(call.executable)), arguments: Arguments(call.arguments),
        environment: .custom(values), workingDirectory: "/", platformOptions: options)
}

/// Children that ignored SIGTERM outlive a leader that obeyed it; their group is still theirs.
private func endRemains(ofGroup leader: pid_t?) {
    guard let leader, leader > 1 else { return }
    kill(-leader, SIGKILL)
}

extension ProgramExit {
    fileprivate init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signalled(signal)
            }
    }
}

/// The input as a file in memory: a pipe would raise SIGPIPE here when the program stops reading early.
/// - Returns: An open descriptor that the caller closes.
private func standardInput(_ bytes: [UInt8]) throws -> FileDescriptor {
    guard !bytes.isEmpty else {
        return try FileDescriptor.open("/dev/null", .readOnly, options: .closeOnExec)
    }
    let file = try LinuxCalls.fileInMemory(named: "input")
    do {
        try file.writeAll(bytes)
        try file.seek(offset: 0, from: .start)
        return file
    } catch {
        try? file.close()
        throw error
    }
}

private func checkExecutable(_ call: ProgramCall) throws(Failure) {
    let name = call.executable
    guard name.hasPrefix("/") else {
        throw Failure(.failed, "\(name) was not run: programs are run by their absolute path")
    }
    let words = [name] + call.arguments + call.environment.flatMap { [$0.key, $0.value] }
    guard words.allSatisfy({ !$0.utf8.contains(0) }) else {
        throw Failure(.failed, "\(name) was not run: an argument contains a zero byte")
    }
    var status = stat()
    guard stat(name, &status) == 0 else {
        let reason = Errno(rawValue: errno)
        throw Failure(
            .failed, "\(name) cannot be run", detail: "\(reason)",
            remedy: reason == .noSuchFileOrDirectory
                ? "Install the package that provides \(name), or run this on the host that has it." : nil)
    }
    guard status.st_mode & S_IFMT == S_IFREG, access(name, X_OK) == 0 else {
        throw Failure(
            .failed, "\(name) cannot be run", detail: "It is not an executable file.",
            remedy: "Look at it with `ls -l \(name)`; reinstall the package that it belongs to.")
    }
}

private func couldNotRun(_ call: ProgramCall, _ reason: String) -> Failure {
    Failure(
        .failed, "\(call.executable) cannot be run", detail: reason,
        remedy: "Run it by hand to see more: \(commandLine(call))")
}

private func deadlinePassed(_ call: ProgramCall) -> Failure {
    Failure(
        .failed, "\(call.executable) did not finish within \(call.deadline) and was ended",
        remedy: "Run it by hand to see what it waits for: \(commandLine(call))")
}

private func printedTooMuch(_ call: ProgramCall) -> Failure {
    Failure(
        .failed, "\(call.executable) printed more than \(call.outputLimit) bytes and was ended",
        remedy: "Run it by hand to see what it prints: \(commandLine(call))")
}

private func commandLine(_ call: ProgramCall) -> String {
    ([call.executable] + call.arguments).joined(separator: " ")
}
