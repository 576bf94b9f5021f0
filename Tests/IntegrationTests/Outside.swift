import Testing

/// What a stranger in the world outside is told by each port of the host.
struct Outside {
    let lab: Lab

    /// The reply to RCPT TO for a foreign recipient.
    func strangerReply(port: Int, tls: [String]) throws -> String {
        try rcptReply(
            ["--to", "canary@[198.51.100.7]", "--from", "stranger@domain.example"], port: port, tls: tls)
    }

    func hostedReply() throws -> String {
        try rcptReply(
            ["--to", "postmaster@hosted.example", "--from", "stranger@domain.example"], port: 25, tls: [])
    }

    func loginReply() throws -> String {
        try rcptReply(
            [
                "--to", "canary@[198.51.100.7]", "--from", "alice@hosted.example", "--auth", "PLAIN",
                "--auth-user", "alice@hosted.example", "--auth-password", "correct horse",
            ], port: 587, tls: ["-tls"])
    }

    /// Whether EHLO announces AUTH once TLS has begun.
    func loginIsOffered(on port: Int) throws -> Bool {
        let run = try lab.swaks(
            ["--server", "203.0.113.10", "--port", String(port), "-tls", "--quit-after", "EHLO"])
        let capabilities = run.output.split(separator: "\n").filter { $0.contains("250-") }
        try #require(!capabilities.isEmpty, "\(run.output)\(run.errorOutput)")
        return capabilities.contains { $0.contains("AUTH ") }
    }

    /// Every reply of a session that ends with RCPT TO, or with what the server refuses before.
    func replies(to envelope: [String], port: Int, tls: [String]) throws -> [String] {
        let run = try lab.swaks(
            ["--server", "203.0.113.10", "--port", String(port), "--quit-after", "RCPT"] + tls + envelope)
        return run.output.split(separator: "\n").compactMap { line in
            let words = line.drop { !$0.isNumber }
            let isReply = line.hasPrefix("<") && words.prefix(3).allSatisfy(\.isNumber)
            return isReply ? String(words) : nil
        }
    }

    private func rcptReply(_ envelope: [String], port: Int, tls: [String]) throws -> String {
        let run = try lab.swaks(
            ["--server", "203.0.113.10", "--port", String(port), "--quit-after", "RCPT"] + tls + envelope)
        let lines = run.output.split(separator: "\n").map(String.init)
        let index = try #require(
            lines.lastIndex { $0.contains("RCPT TO:") }, "\(run.output)\(run.errorOutput)")
        let reply = try #require(lines[(index + 1)...].first { $0.contains("<") })
        return String(reply.drop { !$0.isNumber })
    }

    /// Every way in that the host offers.
    static let doors: [(port: Int, tls: [String])] = [
        (25, []), (25, ["-tls"]), (465, ["-tlsc"]), (587, []), (587, ["-tls"]),
    ]
}

extension Lab {
    func swaks(_ arguments: [String]) throws -> Run {
        try outside(["/usr/bin/swaks"] + arguments)
    }
}
